// Loading rating files for a subcommand, with a word on standard error about what was found.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/options/options.hpp"
#include "odot/model/model.hpp"
#include "odot/ratings/read.hpp"
#include "odot/train/dataset.hpp"

namespace odot::cli {

/// Declares --memory-limit; `purpose` completes "memory …".
void memory_option(Options& options, const std::string& purpose);

/// Bytes: --memory-limit, or what this machine and the process's control group leave for ratings. Throws UsageError.
std::size_t memory_budget(const Options& options);

/// How a file was recognised, in a line.
std::string describe(const SourceFormat& source, bool pairs_only = false);

/// Reads the files into memory with the options' reading settings, or one .odr file, and, unless --quiet, says how they
/// were recognised, and how many ratings are rounded where it matters, unless the command `keeps_texts` of ratings. Of
/// pairs, a first line whose ids `known` has is no header, whatever words they are.
ReadResult load_ratings(const std::vector<std::string>& paths, const Options& options, const Model* known = nullptr,
                        bool keeps_texts = false);

/// The options' reading settings, likewise.
ReadSettings read_settings(const Options& options, const Model* known);

/// Likewise, but a single .odr file is mapped, within the options' memory.
Dataset load_dataset(const std::vector<std::string>& paths, const Options& options);

/// Reads the features of --users and --items, where they are given, as --user-features and --item-features say, and
/// tells unless --quiet what they were taken for. Adds their ids to those of the ratings, so that ratings to measure on
/// may be of users or items of which training has features alone.
void load_features(const Options& options, Dataset& data);

/// A line to tell where all training ratings are equal, so that there is nothing to learn from them; empty otherwise.
std::string note_equal_ratings(const Dataset& data);

/// The separator that an output made from these files should have.
std::string separator_of(const ReadResult& result);

/// The largest resident size of the process so far.
std::size_t peak_memory_bytes();

}  // namespace odot::cli
