// The repack job: a chunked copy of a feature file for other programs.

#include <fmt/format.h>

#include "command.hpp"
#include "pool3/files.hpp"
#include "pool3/store/maintenance.hpp"

namespace pool3::jobs {
namespace {

class RepackCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.take_arguments("FILE", files_, "feature file, and the copy to make");
    p.writes_argument(1);
    p.add("chunk-rows", options_.chunk_rows, "rows of features in one chunk", options_.chunk_rows);
    p.add("compression", options_.compression, "of gzip: 0 (none) to 9", options_.compression);
  }
  void check() const override {
    if (files_.size() != 2) throw usage_error("repack takes a feature file and the copy to make");
  }
  ExitCode run(const Context& context) override {
    context.comm.root_does([&] {
      repack_features(files_[0], files_[1], options_);
      const auto bytes = [](const std::string& path) { return static_cast<double>(file_bytes({"repack", path})); };
      context.log.line("repack", fmt::format("{}: {} rows, {} (from {})", files_[1], FeatureReader(files_[0]).rows(),
                                             bytes_text(bytes(files_[1])), bytes_text(bytes(files_[0]))));
    });
    return ExitCode::ok;
  }

 private:
  std::vector<std::string> files_;
  RepackOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_repack() { return std::make_unique<RepackCommand>(); }

}  // namespace pool3::jobs
