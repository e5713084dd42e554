// The verify job: every checksum of feature files, files over their parts, and models.

#include <fmt/format.h>

#include <cstdio>

#include "command.hpp"
#include "console/output.hpp"
#include "pool3/features.hpp"
#include "pool3/model.hpp"

namespace pool3::jobs {
namespace {

/// True if the file is sound. Throws a collective Error if it can't be opened. Collective.
bool verify_feature_file(const Communicator& comm, const std::string& file) {
  const VerifyReport report = verify_features(comm, file);
  const bool sound = report.problems.empty();
  if (!comm.is_root()) return sound;
  for (const auto& problem : report.problems) print_line(fmt::format("{}: {}", file, problem));
  print_line(fmt::format("{}: {}: {} rows ({} done, {} failed), {} blocks, {} checked", file,
                         sound ? "sound" : "DAMAGED", report.rows, report.done, report.failed, report.blocks,
                         bytes_text(static_cast<double>(report.bytes))));
  return sound;
}

/// Reading a model checks every byte. Collective.
void verify_model_file(const Communicator& comm, const std::string& file) {
  comm.root_does([&] {
    const Model model = read_model(file);
    print_line(fmt::format("{}: sound: a model of {} classes", file, model.classes.size()));
  });
}

class VerifyCommand : public Command {
 public:
  void declare(OptionParser& p) override { p.take_arguments("FILE", files_, "feature files, links, models"); }

  ExitCode run(const Context& context) override {
    bool sound = true;
    for (const auto& file : files_) {
      try {
        const bool is_model = !context.comm.all(kind_of_file(file) != "model");
        if (is_model) verify_model_file(context.comm, file);
        if (!is_model && !verify_feature_file(context.comm, file)) sound = false;
      } catch (const Error& error) {
        // The next file may be sound; the last error ends the job.
        if (!error.collective() || &file == &files_.back()) throw;
        if (context.comm.is_root()) std::fputs(fmt::format("pool3: error: {}\n", error.what()).c_str(), stderr);
        sound = false;
      }
      flush_output();
    }
    return sound ? ExitCode::ok : ExitCode::failed;
  }

 private:
  std::vector<std::string> files_;
};

}  // namespace

std::unique_ptr<Command> make_verify() { return std::make_unique<VerifyCommand>(); }

}  // namespace pool3::jobs
