#pragma once
// What a subcommand is, and which there are.

#include <memory>
#include <string>
#include <vector>

#include "console/log.hpp"
#include "console/options.hpp"
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

}  // namespace pool3::jobs
