// pool3 COMMAND [flags]: finds the subcommand, starts MPI, runs it on every rank, and ends every rank.

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "command.hpp"
#include "version.hpp"

namespace pool3::jobs {

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      {"run", "Does the whole job: extract, search, train, evaluate.", make_run},
      {"extract", "Turns a catalogue of images into a feature file.", make_extract},
      {"train", "Trains the one-vs-rest linear SVM on the training rows of a feature file.", make_train},
      {"search", "Finds the best C by cross-validation on the training rows.", make_search},
      {"evaluate", "Measures a model on the held-out rows.", make_evaluate},
      {"predict", "Classifies images, one JSON line each.", make_predict},
      {"verify", "Checks every checksum of feature files, links and models.", make_verify},
      {"status", "Says how far a feature file is, also while a job makes it.", make_status},
      {"diff", "Says how two feature files differ: rows, labels, and the features of the same pictures.", make_diff},
      {"publish", "Verifies a feature file, and lets a symbolic link point to it.", make_publish},
      {"link", "Makes one feature file over the parts that extract --part has made.", make_link},
      {"repack", "Writes a chunked, compressed copy of a feature file for other programs.", make_repack},
      {"inspect", "Says what is in a file of features, a model or weights.", make_inspect},
      {"inspect-image", "Shows what the network's layers make of one picture.", make_inspect_image},
      {"convert", "Turns a weights file of any known kind into pool3's own.", make_convert},
      {"export", "Writes a model for LIBLINEAR, NumPy or ONNX.", make_export},
      {"bench", "Measures what messages between ranks cost.", make_bench},
  };
  return all;
}

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
    const auto job = c.make();
    job->declare(parser);
    names.merge(parser.names());
  }
  return names;
}

/// Runs the command on every rank. An error that all ranks share ends the job in order; any other aborts it.
ExitCode run_on_ranks(const Command& command, Job& job, OptionParser& parser,
                      const std::vector<std::string>& arguments) {
  const Communicator comm = Communicator::world();
  std::optional<Metrics> metrics;
  const auto end = [&](ExitCode code) {
    if (metrics && comm.is_root()) metrics->end(static_cast<int>(code));
    return code;
  };
  try {
    comm.all_do([&] { parser.parse(arguments, all_flags()); });
    metrics.emplace(parser.metrics(), parser.prometheus(), command.name, comm.rank());
    Log log(comm.is_root(), parser.log_format() == "json", &*metrics);
    return end(job.run({comm, log, parser.resolved()}));
  } catch (const Error& error) {
    ErrorFields fields = error.fields();
    if (fields.stage.empty() && fields.code != ExitCode::usage) fields.stage = command.name;
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
    std::fprintf(stderr, "pool3: error: rank %d: %s: %s\n", comm.rank(), command.name.c_str(),
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
  const auto command =
      std::find_if(commands().begin(), commands().end(), [&](const Command& c) { return c.name == name; });
  if (command == commands().end()) {
    const MpiSession session(argc, argv);  // so that every rank ends, and one speaks
    if (Communicator::world().is_root())
      std::fprintf(stderr, "pool3: error: there is no command '%s' (see pool3 --help)\n", one_line(name).c_str());
    return static_cast<int>(ExitCode::usage);
  }
  const auto job = command->make();
  OptionParser parser(command->name, command->summary);
  job->declare(parser);
  if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end()) {
    if (speaks) std::fputs(parser.help().c_str(), stdout);
    return 0;
  }
  const MpiSession session(argc, argv);
  return static_cast<int>(run_on_ranks(*command, *job, parser, arguments));
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
