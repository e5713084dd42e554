#pragma once
// What a subcommand is.

#include <memory>
#include <string>
#include <vector>

#include "console/log.hpp"
#include "console/options.hpp"
#include "pool3/error.hpp"
#include "pool3/mpi.hpp"

namespace pool3::jobs {

/// What every job gets.
struct Context {
  const Communicator& comm;
  Log& log;
  std::string config;  ///< resolved configuration, JSON
};

/// One subcommand: declares its flags, then runs on every rank.
class Job {
 public:
  virtual ~Job() = default;
  virtual void declare(OptionParser& parser) = 0;
  /// Collective.
  virtual ExitCode run(const Context& context) = 0;
};

struct Command {
  std::string name;
  std::string summary;
  std::unique_ptr<Job> (*make)();
};

/// All subcommands, in the order of the help.
[[nodiscard]] const std::vector<Command>& commands();

std::unique_ptr<Job> make_extract();
std::unique_ptr<Job> make_train();
std::unique_ptr<Job> make_search();
std::unique_ptr<Job> make_evaluate();
std::unique_ptr<Job> make_predict();
std::unique_ptr<Job> make_verify();
std::unique_ptr<Job> make_inspect();
std::unique_ptr<Job> make_inspect_image();
std::unique_ptr<Job> make_convert();
std::unique_ptr<Job> make_export();
std::unique_ptr<Job> make_diff();
std::unique_ptr<Job> make_link();
std::unique_ptr<Job> make_publish();
std::unique_ptr<Job> make_repack();
std::unique_ptr<Job> make_run();
std::unique_ptr<Job> make_status();
std::unique_ptr<Job> make_bench();

}  // namespace pool3::jobs
