// pool3 COMMAND [flags]: finds the subcommand, starts MPI, and runs it on every rank.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "command.hpp"
#include "console/output.hpp"
#include "setup/process.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

/// Every rank ends with it, as a launcher would kill the others when one exits with an error before MPI has started.
int usage_failure(int argc, char** argv, std::FILE* stream, std::string text) {
  const MpiSession session(argc, argv);
  const Communicator comm = Communicator::world();
  try {
    agree_on_program(comm, argc < 2 ? "" : argv[1]);
  } catch (const Error& error) {
    text = fmt::format("pool3: error: {}\n", error.what());
    stream = stderr;
  }
  if (comm.is_root()) std::fputs(text.c_str(), stream);
  std::fflush(stream);
  return static_cast<int>(ExitCode::usage);
}

int print_help(const std::string& text) {
  if (launcher_says_root()) print_text(text);
  finish_output();
  return static_cast<int>(ExitCode::ok);
}

int run(int argc, char** argv) {
  prepare_output();
  allow_many_files();
  if (argc < 2) return usage_failure(argc, argv, stdout, overview());
  const std::string name = argv[1];
  const std::vector<std::string> arguments(argv + 2, argv + argc);
  if (name == "--help" || name == "-h" || name == "help") return print_help(overview());
  if (name == "--version") return print_help(fmt::format("pool3 {}\n", version));
  const auto entry = std::ranges::find(commands(), name, &CommandEntry::name);
  if (entry == commands().end())
    return usage_failure(argc, argv, stderr,
                         fmt::format("pool3: error: there is no command '{}' (see pool3 --help)\n", one_line(name)));
  if (std::ranges::find(arguments, "--help") != arguments.end()) return print_help(help_of(*entry));
  const MpiSession session(argc, argv);
  return static_cast<int>(run_on_ranks(*entry, arguments));
}

}  // namespace
}  // namespace pool3::jobs

int main(int argc, char** argv) {
  try {
    return pool3::jobs::run(argc, argv);
  } catch (const std::exception& error) {
    std::fputs(fmt::format("pool3: error: {}\n", pool3::one_line(error.what())).c_str(), stderr);
    return static_cast<int>(pool3::ExitCode::failed);
  }
}
