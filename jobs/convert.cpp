// The convert job: any known weights file -> pool3's own safetensors.

#include "job.hpp"
#include "pool3/network.hpp"

namespace pool3::jobs {
namespace {

class ConvertJob : public Job {
 public:
  void declare(OptionParser& p) override {
    p.add_required("weights", weights_, "weights file or folder");
    p.add_required("out", out_, "safetensors file to make", false);
  }
  ExitCode run(const Context& context) override {
    context.comm.root_does([&] {
      const Weights weights = read_weights(weights_);
      write_weights(weights, out_);
      context.log.line("convert", out_ + ": " + weights.source + ", SHA-256 " + sha256_of_file(out_));
    });
    return ExitCode::ok;
  }

 private:
  std::string weights_, out_;
};

}  // namespace

std::unique_ptr<Job> make_convert() { return std::make_unique<ConvertJob>(); }

}  // namespace pool3::jobs
