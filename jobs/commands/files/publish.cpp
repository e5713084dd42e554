// The publish job: a symbolic link to a verified feature file.

#include <fmt/format.h>

#include "command.hpp"
#include "pool3/store/maintenance.hpp"

namespace pool3::jobs {
namespace {

class PublishCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.take_arguments("FILE", files_, "feature file");
    p.add_required("as", link_, "symbolic link to make, or to move", Changes::file);
    p.writes_link("as");
  }
  ExitCode run(const Context& context) override {
    context.comm.all_do([&] {
      if (files_.size() != 1) throw usage_error("publish takes one feature file");
    });
    const VerifyReport report = verify_features(context.comm, files_[0]);
    context.comm.root_does([&] {
      if (!report.problems.empty())
        throw Error({.stage = "publish",
                     .path = files_[0],
                     .cause = report.problems.front(),
                     .advice = "not published; see pool3 verify"});
      publish_link(files_[0], link_);
    });
    context.log.line("publish", fmt::format("{} -> {}", link_, files_[0]));
    return ExitCode::ok;
  }

 private:
  std::vector<std::string> files_;
  std::string link_;
};

}  // namespace

std::unique_ptr<Command> make_publish() { return std::make_unique<PublishCommand>(); }

}  // namespace pool3::jobs
