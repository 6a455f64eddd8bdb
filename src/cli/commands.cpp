// The table of subcommands.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "cli/command.hpp"
#include "cli/options/options.hpp"
#include "odot/core/spelling.hpp"

namespace odot::cli {
namespace {

constexpr std::array kCommands{
    Command{"train", "fit a factorisation to rating files", declare_train, run_train},
    Command{"cv", "measure one configuration of train by k-fold cross-validation", declare_cv, run_cv},
    Command{"tune", "search for the options of train with the lowest held-out error", declare_tune, run_tune},
    Command{"evaluate", "measure a model's error on ratings", declare_evaluate, run_evaluate},
    Command{"predict", "predict ratings of (user, item) pairs", declare_predict, run_predict},
    Command{"recommend", "list the items that users would rate highest", declare_recommend, run_recommend},
    Command{"similar", "list the items most similar to an item, or users to a user", declare_similar, run_similar},
    Command{"fold-in", "add users or items that training never saw to a model, without training", declare_fold_in,
            run_fold_in},
    Command{"export", "write a model for NumPy, as tables, or for LIBMF", declare_export, run_export},
    Command{"import", "make a model of one that LIBMF has trained", declare_import, run_import},
    Command{"split", "hold ratings out into a file of their own", declare_split, run_split},
    Command{"convert", "write ratings to an .odr file, for quick starts and little memory", declare_convert,
            run_convert},
    Command{"synth", "make synthetic ratings with a planted structure", declare_synth, run_synth},
    Command{"info", "describe a model or a rating file", declare_info, run_info},
    Command{"completion", "print what makes bash or zsh complete odot's options", declare_completion, run_completion},
    Command{"man", "print a manual page", declare_man, run_man},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

const Command& find_command(const std::string& name) {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) {
    if (name == command.name) return command;
    names.emplace_back(command.name);
  }
  const std::string_view meant = probably_meant(names, name);
  throw UsageError(fmt::format("unknown command '{}'; {}", name,
                               meant.empty() ? fmt::format("the commands are {}", fmt::join(names, ", "))
                                             : fmt::format("did you mean {}?", meant)));
}

std::string overview() {
  std::size_t widest = 0;
  for (const Command& command : commands()) widest = std::max(widest, std::strlen(command.name));
  std::string text =
      "odot factorises sparse rating matrices.\n\n"
      "Usage: odot COMMAND [arguments]\n\nCommands:\n";
  for (const Command& command : commands()) {
    text += fmt::format("  {:<{}}  {}\n", command.name, widest, command.summary);
  }
  text +=
      "\n`odot COMMAND --help` tells all about a command, with --json as a JSON object. To begin:\n"
      "  odot train ratings.csv --holdout 0.1 -o model.safetensors\n";
  return text;
}

}  // namespace odot::cli
