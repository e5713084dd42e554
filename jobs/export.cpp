// The export job: a model file -> what other programs read.

#include "files.hpp"
#include "job.hpp"
#include "model_formats.hpp"

namespace pool3::jobs {
namespace {

std::string bytes_of(const Model& model, const std::string& format) {
  if (format == "liblinear") return liblinear_text(model);
  if (format == "npz") return npz_bytes(model);
  return onnx_bytes(model);
}

class ExportJob : public Job {
 public:
  void declare(OptionParser& p) override {
    p.add_required("model", model_, "model file");
    p.add_required("format", format_, "liblinear: its text model; npz: arrays for NumPy; onnx: features to scores");
    p.add_required("out", out_, "file to make", false);
  }
  ExitCode run(const Context& context) override {
    context.comm.root_does([&] {
      if (format_ != "liblinear" && format_ != "npz" && format_ != "onnx")
        throw usage_error("--format must be liblinear, npz or onnx");
      const Model model = read_model(model_);
      const std::string bytes = bytes_of(model, format_);
      replace_file(out_, bytes, "export");
      context.log.line("export", out_ + ": " + format_ + ", " + std::to_string(model.classes.size()) + " classes, " +
                                     std::to_string(bytes.size()) + " bytes");
    });
    return ExitCode::ok;
  }

 private:
  std::string model_, format_, out_;
};

}  // namespace

std::unique_ptr<Job> make_export() { return std::make_unique<ExportJob>(); }

}  // namespace pool3::jobs
