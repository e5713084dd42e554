// The verify job: every checksum of a feature file.

#include <cstdio>

#include "job.hpp"
#include "pool3/features.hpp"

namespace pool3::jobs {
namespace {

class VerifyJob : public Job {
 public:
  void declare(OptionParser& p) override { p.take_arguments("FILE", files_, "feature files"); }

  ExitCode run(const Context& context) override {
    bool sound = true;
    for (const auto& file : files_) {
      const VerifyReport report = verify_features(context.comm, file);
      sound = sound && report.problems.empty();
      if (!context.comm.is_root()) continue;
      for (const auto& problem : report.problems) std::printf("%s: %s\n", file.c_str(), problem.c_str());
      std::printf("%s: %s: %lld rows (%lld done, %lld failed), %lld blocks, %s checked\n", file.c_str(),
                  report.problems.empty() ? "sound" : "DAMAGED", static_cast<long long>(report.rows),
                  static_cast<long long>(report.done), static_cast<long long>(report.failed),
                  static_cast<long long>(report.blocks), bytes_text(static_cast<double>(report.bytes)).c_str());
      std::fflush(stdout);
    }
    return sound ? ExitCode::ok : ExitCode::failed;
  }

 private:
  std::vector<std::string> files_;
};

}  // namespace

std::unique_ptr<Job> make_verify() { return std::make_unique<VerifyJob>(); }

}  // namespace pool3::jobs
