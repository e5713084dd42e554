// pool3 COMMAND [flags]: finds the subcommand, starts MPI, and runs it on every rank.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <utility>

#include "command.hpp"
#include "console/flags/spelling.hpp"
#include "console/output.hpp"
#include "setup/process.hpp"
#include "setup/resource_shortage.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

/// Under a launcher every rank ends with it, as that would kill the others when one exits with an error before MPI has
/// started.
int usage_failure(int argc, char** argv, std::FILE* stream, std::string text) {
  std::optional<MpiSession> session;
  bool is_root = true;
  if (has_launcher()) {
    check_room();
    session.emplace(argc, argv);
    const Communicator comm = Communicator::world();
    is_root = comm.is_root();
    try {
      agree_on_program(comm, argc < 2 ? "" : argv[1]);
    } catch (const Error& error) {
      text = fmt::format("pool3: error: {}\n", error.what());
      stream = stderr;
    }
  }
  if (is_root) std::fputs(text.c_str(), stream);
  std::fflush(stream);
  return static_cast<int>(ExitCode::usage);
}

int print_help(const std::string& text) {
  if (launcher_says_root()) print_text(text);
  finish_output();
  return static_cast<int>(ExitCode::ok);
}

bool is_one_of(const std::string& word, std::initializer_list<const char*> words) {
  return std::ranges::find(words, word) != words.end();
}

bool asks_for_help(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(arguments, [](const std::string& word) { return is_one_of(word, {"--help", "-h"}); });
}

std::string no_such_command(const std::string& name) {
  std::vector<std::string> names;
  for (const CommandEntry& entry : commands()) names.push_back(entry.name);
  return fmt::format("pool3: error: there is no command '{}'{} (see pool3 --help)\n", one_line(name),
                     did_you_mean(nearest(name, names)));
}

int run(int argc, char** argv) {
  prepare_for_shortage();
  prepare_output();
  allow_many_files();
  if (argc < 2) return usage_failure(argc, argv, stdout, overview());
  std::string name = argv[1];
  std::vector<std::string> arguments(argv + 2, argv + argc);
  if (is_one_of(name, {"--version", "-v", "-V", "version"})) return print_help(fmt::format("pool3 {}\n", version));
  if (is_one_of(name, {"--help", "-h", "help"})) {
    if (arguments.empty()) return print_help(overview());
    name = std::exchange(arguments, {"--help"}).front();
  }
  const auto entry = std::ranges::find(commands(), name, &CommandEntry::name);
  if (entry == commands().end()) return usage_failure(argc, argv, stderr, no_such_command(name));
  if (asks_for_help(arguments)) return print_help(help_of(*entry));
  if (!has_launcher()) {
    if (const auto error = wrong_flags(*entry, arguments)) {
      std::fputs(fmt::format("pool3: error: {}\n", error->what()).c_str(), stderr);
      return static_cast<int>(error->fields().code);
    }
  }
  check_room();
  const MpiSession session(argc, argv);
  const ExitCode code = run_on_ranks(*entry, arguments);
  if (code == ExitCode::failed) end_soon(code);
  return static_cast<int>(code);
}

/// What went wrong before or without MPI.
int fail_alone(const std::exception& failure) {
  take_turn_to_speak();
  const Error error = unforeseen_error(failure);
  std::fputs(fmt::format("pool3: error: {}{}\n", rank_text(), error.what()).c_str(), stderr);
  return static_cast<int>(error.fields().code);
}

}  // namespace
}  // namespace pool3::jobs

int main(int argc, char** argv) {
  int code = 0;
  try {
    code = pool3::jobs::run(argc, argv);
  } catch (const std::exception& error) {
    code = pool3::jobs::fail_alone(error);
  }
  // Without the ends of libraries: OpenBLAS waits there for threads that never got their memory.
  std::fflush(nullptr);
  std::_Exit(code);
}
