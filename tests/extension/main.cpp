// The program odot with a method and a kind of models that were added to it.
#include <algorithm>

#include "cli/main_program.hpp"
#include "item_means.hpp"

int main(int argc, char** argv) {
  odot::test::add_item_means();
  return odot::cli::main_program({argv + std::min(argc, 1), argv + argc});
}
