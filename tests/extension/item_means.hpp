// A method of training and a kind of models that odot does not have.
#pragma once

namespace odot::test {

/// Adds the method "means" and the kind that it trains, once, before anything is asked of either.
void add_item_means();

}  // namespace odot::test
