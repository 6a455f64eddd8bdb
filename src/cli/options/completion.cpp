// odot completion: scripts with which bash and zsh complete commands, options and their values.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <string_view>

#include "cli/command.hpp"
#include "cli/options/options.hpp"

namespace odot::cli {
namespace {

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& command : commands()) names.emplace_back(command.name);
  return names;
}

// "--rank", "-k"; of a toggle "--biases", "--no-biases".
std::vector<std::string> spellings(const OptionHelp& option) {
  std::vector<std::string> all{"--" + option.name};
  if (option.toggle) all.push_back("--no-" + option.name);
  if (option.letter) all.push_back(fmt::format("-{}", option.letter));
  return all;
}

std::vector<OptionHelp> options_of(const HelpPage& help) {
  std::vector<OptionHelp> all;
  for (const OptionGroup& group : help.groups) all.insert(all.end(), group.options.begin(), group.options.end());
  return all;
}

// ---- bash

// What a command's case does: values of options first, then options, then arguments.
std::string bash_case(const Command& command) {
  const Options options = command.declare();
  std::vector<std::string> words;
  std::vector<std::string> paths;
  std::vector<std::string> others;
  std::string values;
  for (const OptionHelp& option : options_of(options.help())) {
    const std::vector<std::string> all = spellings(option);
    std::ranges::copy_if(all, std::back_inserter(words), [](const auto& word) { return word.starts_with("--"); });
    if (!option.has_value()) continue;
    if (!option.words.empty()) {
      values += fmt::format("        {}) words='{}' ;;\n", fmt::join(all, "|"), fmt::join(option.names(), " "));
    } else {
      std::vector<std::string>& kind = option.is_path() ? paths : others;
      kind.insert(kind.end(), all.begin(), all.end());
    }
  }
  if (!paths.empty()) values += fmt::format("        {}) return ;;\n", fmt::join(paths, "|"));
  if (!others.empty()) values += fmt::format("        {}) words='' ;;\n", fmt::join(others, "|"));
  const HelpPage& help = options.help();
  std::string rest = "words=''";
  if (!help.argument_words.empty()) {
    rest = fmt::format("words='{}'", fmt::join(help.argument_words, " "));
  } else if (are_paths(help.arguments)) {
    rest = "return";
  }
  return fmt::format(
      "    {})\n"
      "      case $before in\n"
      "{}"
      "        *)\n"
      "          if [[ $word == -* ]]; then\n"
      "            words='{}'\n"
      "          else\n"
      "            {}\n"
      "          fi ;;\n"
      "      esac ;;\n",
      command.name, values, fmt::join(words, " "), rest);
}

std::string bash_script() {
  const std::string names = fmt::format("{}", fmt::join(command_names(), " "));
  std::string script =
      "# Completion of odot for bash, made by `odot completion bash`. In one shell: source <(odot completion bash)\n"
      "# Where nothing is set here, names of files are completed.\n"
      "_odot() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=''\n"
      "  # bash takes --name=value for three words.\n"
      "  if [[ $word == = ]]; then\n"
      "    word=''\n"
      "  elif [[ $before == = ]] && ((COMP_CWORD > 1)); then\n"
      "    before=${COMP_WORDS[COMP_CWORD - 2]}\n"
      "  fi\n"
      "  COMPREPLY=()\n"
      "  local command=${COMP_WORDS[1]}\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    command=''\n"
      "  fi\n"
      "  case $command in\n";
  script += fmt::format("    '') words='{} help --help --version' ;;\n", names);
  script += fmt::format("    help) words='{} --json' ;;\n", names);
  for (const Command& command : commands()) script += bash_case(command);
  script +=
      "  esac\n"
      "  compopt +o default 2>/dev/null\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
      "}\n"
      "complete -o default -F _odot odot\n";
  return script;
}

// ---- zsh

// In single quotes, with a backslash before what _arguments would take for a sign of its own.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (std::string_view(":[]\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// The beginning of a help: a menu has a line for each option.
std::string brief(const std::string& help) {
  std::string text = help.substr(0, help.find('\n'));
  for (const std::string_view end : {"; ", ": ", " ("}) text = text.substr(0, text.find(end));
  return text;
}

std::string zsh_action(const std::vector<std::string>& words, bool path) {
  if (!words.empty()) return fmt::format("({})", fmt::join(words, " "));
  return path ? "_files" : " ";
}

// The specifications of an option, each a word of _arguments. An option that can be given once excludes itself.
std::string zsh_option(const OptionHelp& option) {
  const std::vector<std::string> all = spellings(option);
  const std::string exclusive = option.repeatable       ? "*"
                                : option.name == "help" ? "(- *)"
                                                        : fmt::format("({})", fmt::join(all, " "));
  const std::string meaning = zsh_text(brief(option.help));
  std::string specifications;
  for (const std::string& spelling : all) {
    std::string text = exclusive + spelling;
    if (option.has_value()) text += spelling.starts_with("--") ? "=" : "+";
    text += fmt::format("[{}]", meaning);
    if (option.has_value()) {
      text += fmt::format(":{}:{}", zsh_text(option.placeholder), zsh_action(option.names(), option.is_path()));
    }
    specifications += fmt::format("        '{}' \\\n", text);
  }
  return specifications;
}

std::string zsh_case(const Command& command) {
  const Options options = command.declare();
  const HelpPage& help = options.help();
  std::string text = fmt::format("    {})\n      _arguments -s \\\n", command.name);
  for (const OptionHelp& option : options_of(help)) text += zsh_option(option);
  if (help.arguments.empty()) {
    text.resize(text.size() - 3);  // the last backslash
    return text + " ;;\n";
  }
  return text + fmt::format("        '*:{}:{}' ;;\n", zsh_text(help.arguments),
                            zsh_action(help.argument_words, are_paths(help.arguments)));
}

std::string zsh_script() {
  std::string script =
      "#compdef odot\n"
      "# Completion of odot for zsh, made by `odot completion zsh`. In one shell: source <(odot completion zsh)\n"
      "_odot_commands() {\n"
      "  local -a commands\n"
      "  commands=(\n";
  for (const Command& command : commands()) {
    script += fmt::format("    '{}:{}'\n", command.name, zsh_text(command.summary));
  }
  script +=
      "    'help:tell all about a command'\n"
      "  )\n"
      "  _describe command commands\n"
      "}\n\n"
      "_odot() {\n"
      "  local curcontext=$curcontext state line\n"
      "  typeset -A opt_args\n"
      "  _arguments -C '(- *)'{-h,--help}'[print help]' '(- *)--version[print the version]' \\\n"
      "    '1:command:_odot_commands' '*::argument:->arguments' && return\n"
      "  [[ $state == arguments ]] || return 1\n"
      "  case $line[1] in\n"
      "    help) _arguments '1:command:_odot_commands' '--json[for scripts]' ;;\n";
  for (const Command& command : commands()) script += zsh_case(command);
  script +=
      "  esac\n"
      "}\n\n"
      "# Loaded from a folder of functions, this file is the body of _odot; read by `source`, it defines it.\n"
      "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
      "  _odot \"$@\"\n"
      "else\n"
      "  compdef _odot odot\n"
      "fi\n";
  return script;
}

}  // namespace

Options declare_completion() {
  Options options("odot completion bash|zsh",
                  "Prints the script with which the shell completes commands, options and their values. To try it:\n"
                  "  source <(odot completion bash)\n"
                  "An installed odot has it where the shells look for such scripts.");
  options.arguments("bash|zsh", 1, 1, {"bash", "zsh"});
  options.common_group();
  return options;
}

int run_completion(const Arguments& arguments) {
  Options options = declare_completion();
  if (!options.parse(arguments)) return kDone;
  const std::string& shell = options.arguments()[0];
  if (shell == "bash") {
    std::cout << bash_script();
  } else if (shell == "zsh") {
    std::cout << zsh_script();
  } else {
    throw UsageError(fmt::format("unknown shell '{}': known are bash and zsh", shell));
  }
  return kDone;
}

}  // namespace odot::cli
