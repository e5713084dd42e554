#pragma once
// What a subcommand is, which there are, and how one runs.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "console/flags/options.hpp"
#include "console/log.hpp"
#include "console/progress.hpp"
#include "console/text.hpp"
#include "pool3/error.hpp"
#include "pool3/mpi.hpp"

namespace pool3::jobs {

/// What every command gets.
struct Context {
  const Communicator& comm;
  Log& log;
  std::string config;  ///< resolved configuration, JSON
};

/// One subcommand: declares its flags, then runs on every rank.
class Command {
 public:
  virtual ~Command() = default;
  virtual void declare(OptionParser& parser) = 0;
  /// Throws Error (usage) for values that can't be. Comes after the flags have their values; not collective, and as a
  /// rule before MPI starts.
  virtual void check() const {}
  /// Collective.
  virtual ExitCode run(const Context& context) = 0;
};

/// A line of the registry.
struct CommandEntry {
  std::string name;
  std::string summary;
  std::unique_ptr<Command> (*make)();
};

/// The registry: all subcommands, in the order of the help.
[[nodiscard]] const std::vector<CommandEntry>& commands();

/// What `pool3 --help` prints.
[[nodiscard]] std::string overview();
/// What `pool3 COMMAND --help` prints.
[[nodiscard]] std::string help_of(const CommandEntry& entry);
/// Throws a collective Error (usage) unless all ranks are of one version and were started with one command. The first
/// that every program does with its ranks, so that versions which differ can tell. Collective.
void agree_on_program(const Communicator& comm, const std::string& command);
/// What is wrong with the flags, if anything is. Before MPI starts.
[[nodiscard]] std::optional<Error> wrong_flags(const CommandEntry& entry, const std::vector<std::string>& arguments);
/// Runs a command on every rank, and prints its error if there is one. An error that all ranks share ends the job in
/// order. Any other aborts it: then this does not return. Collective; MPI has started.
[[nodiscard]] ExitCode run_on_ranks(const CommandEntry& entry, const std::vector<std::string>& arguments);

}  // namespace pool3::jobs
