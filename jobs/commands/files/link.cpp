// The link job: one feature file over parts.

#include <fmt/format.h>

#include "command.hpp"
#include "pool3/store/maintenance.hpp"

namespace pool3::jobs {
namespace {

class LinkCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.take_arguments("FILE", files_, "the file to make, then the parts of one extraction, in any order");
    p.writes_argument(0, {".lock"});
  }
  void check() const override {
    if (files_.size() < 2) throw usage_error("link takes the file to make and its parts");
  }
  ExitCode run(const Context& context) override {
    context.comm.root_does([&] {
      link_features(files_[0], {files_.begin() + 1, files_.end()});
      context.log.line("link", fmt::format("{}: {} rows in {} parts", files_[0], FeatureReader(files_[0]).rows(),
                                           files_.size() - 1));
    });
    return ExitCode::ok;
  }

 private:
  std::vector<std::string> files_;
};

}  // namespace

std::unique_ptr<Command> make_link() { return std::make_unique<LinkCommand>(); }

}  // namespace pool3::jobs
