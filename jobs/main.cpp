// pool3 COMMAND [flags]: finds the subcommand, starts MPI, runs it on every rank, and ends every rank.

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "command.hpp"
#include "version.hpp"

namespace pool3::jobs {

namespace {

/// True on the rank that speaks, as the launcher tells it before MPI starts; true without a launcher.
bool launcher_says_root() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"})
    if (const char* value = std::getenv(name)) return std::string(value) == "0";
  return true;
}

/// A linked file keeps each of its parts open, and most systems allow 1024 files unless asked for more.
void allow_many_files() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &files));
}

void print_overview() {
  std::puts("pool3 COMMAND [flags]    alone, or on many ranks: mpirun -n 4 pool3 COMMAND ...\n\nCommands:");
  for (const auto& c : commands()) std::printf("  %-15s%s\n", c.name.c_str(), c.summary.c_str());
  std::puts(
      "\npool3 COMMAND --help tells the flags. Exit codes: 0 done; 1 failed; 2 usage or configuration;\n"
      "3 done, but some images failed; 75 stopped early, run the same command again.");
}

std::set<std::string> all_flags() {
  std::set<std::string> names;
  for (const auto& c : commands()) {
    OptionParser parser(c.name, c.summary);
    const auto command = c.make();
    command->declare(parser);
    names.merge(parser.names());
  }
  return names;
}

/// Runs the command on every rank. An error that all ranks share ends the job in order; any other aborts it.
ExitCode run_on_ranks(const CommandEntry& entry, Command& command, OptionParser& parser,
                      const std::vector<std::string>& arguments) {
  const Communicator comm = Communicator::world();
  std::optional<Metrics> metrics;
  const auto end = [&](ExitCode code) {
    if (metrics && comm.is_root()) metrics->end(static_cast<int>(code));
    return code;
  };
  try {
    comm.all_do([&] { parser.parse(arguments, all_flags()); });
    metrics.emplace(parser.metrics(), parser.prometheus(), entry.name, comm.rank());
    Log log(comm.is_root(), parser.log_format() == "json", &*metrics);
    return end(command.run({comm, log, parser.resolved()}));
  } catch (const Error& error) {
    ErrorFields fields = error.fields();
    if (fields.stage.empty() && fields.code != ExitCode::usage) fields.stage = entry.name;
    end(fields.code);
    if (error.collective()) {
      if (comm.is_root()) std::fprintf(stderr, "pool3: error: %s\n", Error(fields).what());
      return fields.code;
    }
    if (comm.size() > 1) fields.rank = comm.rank();
    std::fprintf(stderr, "pool3: error: %s\n", Error(fields).what());
    std::fflush(nullptr);
    abort_all(comm, fields.code);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pool3: error: rank %d: %s: %s\n", comm.rank(), entry.name.c_str(),
                 one_line(error.what()).c_str());
    std::fflush(nullptr);
    abort_all(comm, ExitCode::failed);
  }
}

int main_checked(int argc, char** argv) {
  allow_many_files();
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    const MpiSession session(argc, argv);  // a launcher ends the other ranks when one exits with an error
    if (Communicator::world().is_root()) print_overview();
    std::fflush(stdout);
    return static_cast<int>(ExitCode::usage);
  }
  const bool speaks = launcher_says_root();
  if (arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    if (speaks) print_overview();
    return 0;
  }
  if (arguments[0] == "--version") {
    if (speaks) std::printf("pool3 %s\n", version);
    return 0;
  }
  const std::string name = arguments[0];
  arguments.erase(arguments.begin());
  const auto entry = std::ranges::find(commands(), name, &CommandEntry::name);
  if (entry == commands().end()) {
    const MpiSession session(argc, argv);  // so that every rank ends, and one speaks
    if (Communicator::world().is_root())
      std::fprintf(stderr, "pool3: error: there is no command '%s' (see pool3 --help)\n", one_line(name).c_str());
    return static_cast<int>(ExitCode::usage);
  }
  const auto command = entry->make();
  OptionParser parser(entry->name, entry->summary);
  command->declare(parser);
  if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end()) {
    if (speaks) std::fputs(parser.help().c_str(), stdout);
    return 0;
  }
  const MpiSession session(argc, argv);
  return static_cast<int>(run_on_ranks(*entry, *command, parser, arguments));
}

}  // namespace
}  // namespace pool3::jobs

int main(int argc, char** argv) {
  try {
    return pool3::jobs::main_checked(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pool3: error: %s\n", pool3::one_line(error.what()).c_str());
    return static_cast<int>(pool3::ExitCode::failed);
  }
}
