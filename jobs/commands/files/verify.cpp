// The verify job: every checksum of feature files, files over their parts, models and maps.

#include <fmt/format.h>

#include <cstdio>

#include "command.hpp"
#include "console/output.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/index_file.hpp"
#include "pool3/store/map_file.hpp"
#include "pool3/store/model.hpp"

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

/// Reading a model or a map checks every byte. Collective.
void verify_small_file(const Communicator& comm, const std::string& file, const std::string& kind) {
  comm.root_does([&] {
    const std::string what = kind == "index" ? fmt::format("an index of {} rows", read_index(file).sketches.rows())
                             : kind == "map" ? fmt::format("a map of {} rows", read_map(file).rows.size())
                                             : fmt::format("a model of {} classes", read_model(file).classes.size());
    if (kind == "model") static_cast<void>(read_split_table(file));
    print_line(fmt::format("{}: sound: {}", file, what));
  });
}

/// "model", "map" or "index", if the first rank sees that of one; else "". Collective.
std::string small_kind(const Communicator& comm, const std::string& file) {
  std::string kind = kind_of_file(file);
  comm.broadcast(kind);
  return kind == "features" ? "" : kind;
}

class VerifyCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.take_arguments("FILE", files_, "feature files, links, models, maps, indices");
  }

  ExitCode run(const Context& context) override {
    bool sound = true;
    for (const auto& file : files_) {
      try {
        const std::string kind = small_kind(context.comm, file);
        if (!kind.empty()) verify_small_file(context.comm, file, kind);
        if (kind.empty() && !verify_feature_file(context.comm, file)) sound = false;
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
