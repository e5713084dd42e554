#include "command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>

#include "console/output.hpp"
#include "pool3/error/unforeseen.hpp"
#include "setup/path_clashes.hpp"
#include "setup/process.hpp"
#include "setup/resource_shortage.hpp"
#include "setup/settings_agreement.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

/// A config file may hold flags of other commands.
std::set<std::string> flags_of_all_commands() {
  std::set<std::string> names;
  for (const CommandEntry& entry : commands()) {
    OptionParser parser(entry.name, entry.summary);
    const auto command = entry.make();
    command->declare(parser);
    names.merge(parser.names());
  }
  return names;
}

/// Never throws for a stderr that is closed, as fmt::print does.
void print_error(const std::string& text) { std::fputs(fmt::format("pool3: error: {}\n", text).c_str(), stderr); }

/// Prints an error that all ranks have.
void say_together(const Communicator& comm, const ErrorFields& fields) {
  if (comm.is_root()) print_error(Error(fields).what());
}

/// Prints an error of this rank, and ends the job.
[[noreturn]] void end_alone(const Communicator& comm, ErrorFields fields, const Turns& turns) {
  if (comm.size() > 1) fields.rank = comm.rank();
  take_turn_to_speak(turns);
  print_error(Error(fields).what());
  end_soon(fields.code);
  if (!has_launcher()) std::_Exit(static_cast<int>(fields.code));  // without MPI's words
  abort_all(comm, fields.code);
}

/// In a log of JSON, this line is JSON too. Any rank may say it.
void name_silent_ranks_in_json(const std::string& stage) {
  constexpr double seconds = 60;
  name_silent_ranks(seconds, [stage](const std::string& line) { Log(true, true).line(stage, "warning: " + line); });
}

}  // namespace

std::string overview() {
  std::string text =
      "Usage: pool3 COMMAND [flags]\n"
      "  or:  mpirun -n 4 pool3 COMMAND [flags]\n\n"
      "Turns a catalogue of images into Inception-v3 features and a linear SVM, alone or on many ranks.\n\n"
      "Commands:\n";
  for (const CommandEntry& entry : commands()) text += fmt::format("  {:<15}{}\n", entry.name, entry.summary);
  return text +
         "\npool3 COMMAND --help lists the flags, pool3 --version says which pool3 this is. Exit codes: 0 done; 1 "
         "failed; 2 usage or configuration;\n"
         "3 done, but some images failed, or tar files are damaged; 75 stopped early, run the same command again.\n";
}

std::string help_of(const CommandEntry& entry) {
  OptionParser parser(entry.name, entry.summary);
  const auto command = entry.make();
  command->declare(parser);
  return parser.help();
}

void agree_on_program(const Communicator& comm, const std::string& command) {
  agree_on(comm, {{"the program", fmt::format("pool3 {}", version)}, {"the command", command}});
}

std::optional<Error> wrong_flags(const CommandEntry& entry, const std::vector<std::string>& arguments) try {
  OptionParser parser(entry.name, entry.summary);
  const auto command = entry.make();
  command->declare(parser);
  parser.parse(arguments, flags_of_all_commands());
  command->check();
  return {};
} catch (const Error& error) {
  return error;
}

ExitCode run_on_ranks(const CommandEntry& entry, const std::vector<std::string>& arguments) {
  const Communicator comm = Communicator::world();
  OptionParser parser(entry.name, entry.summary);
  const auto command = entry.make();
  command->declare(parser);
  std::optional<Metrics> metrics;
  const auto end = [&](ExitCode code) {
    if (metrics && comm.is_root()) metrics->end(static_cast<int>(code));
    return code;
  };
  try {
    agree_on_program(comm, entry.name);
    comm.all_do([&] {
      parser.parse(arguments, flags_of_all_commands());
      command->check();
    });
    agree_on(comm, parser.agreed());
    comm.root_does([&] { refuse_path_clashes(parser.paths()); });
    if (parser.log_format() == "json") name_silent_ranks_in_json(entry.name);
    metrics.emplace(parser.metrics(), parser.prometheus(), entry.name, comm.rank());
    Log log(comm.is_root(), parser.log_format() == "json", &*metrics);
    if (const std::string fault = comm.is_root() ? metrics->fault() : ""; !fault.empty())
      log.line(entry.name, fault + "; the job goes on without these numbers");
    if (const std::string alone = alone_in_step(comm.size()); !alone.empty()) log.line(entry.name, alone);
    const ExitCode code = command->run({comm, log, parser.resolved()});
    comm.root_does(finish_output);
    return end(code);
  } catch (const Error& error) {
    ErrorFields fields = error.fields();
    if (fields.stage.empty() && fields.code != ExitCode::usage) fields.stage = entry.name;
    end(fields.code);
    if (!error.collective()) end_alone(comm, fields, {.for_first_rank = {}});
    say_together(comm, fields);
    return fields.code;
  } catch (const std::exception& error) {
    ErrorFields fields = unforeseen_error(error).fields();
    fields.stage = entry.name;
    end(fields.code);
    end_alone(comm, fields, is_shortage(error) ? Turns{} : Turns{.for_first_rank = {}});
  }
}

}  // namespace pool3::jobs
