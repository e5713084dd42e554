// The export job: a model file -> what other programs read.

#include "command.hpp"
#include "pool3/exchange.hpp"
#include "pool3/files.hpp"
#include "pool3/network.hpp"
#include "setup/weights.hpp"

namespace pool3::jobs {
namespace {

LinearLayer layer_of(const Model& model) {
  return {.classes = model.classes,
          .weight = {model.coef.begin(), model.coef.end()},
          .bias = {model.intercept.begin(), model.intercept.end()}};
}

class ExportJob : public Job {
 public:
  void declare(OptionParser& p) override {
    p.add_required("model", model_, "model file");
    p.add_required(
        "format", format_,
        "liblinear: its text model; npz: arrays for NumPy; onnx: features to scores; torchscript: pictures to scores");
    p.add("weights", weights_, "of torchscript: the weights that the model's features were made with", std::string());
    p.add_required("out", out_, "file to make", false);
  }
  ExitCode run(const Context& context) override {
    context.comm.root_does([&] {
      if (format_ != "liblinear" && format_ != "npz" && format_ != "onnx" && format_ != "torchscript")
        throw usage_error("--format must be liblinear, npz, onnx or torchscript");
      const Model model = read_model(model_);
      const std::string bytes = bytes_of(model);
      write_whole_file({"export", out_}, bytes);
      context.log.line("export", out_ + ": " + format_ + ", " + std::to_string(model.classes.size()) + " classes, " +
                                     std::to_string(bytes.size()) + " bytes");
    });
    return ExitCode::ok;
  }

 private:
  [[nodiscard]] std::string bytes_of(const Model& model) const {
    if (format_ == "liblinear") return liblinear_text(model);
    if (format_ == "npz") return npz_bytes(model);
    if (format_ == "onnx") return onnx_bytes(model);
    return torchscript_classifier(weights_of_model(model, model_, weights_, "export"), layer_of(model));
  }

  std::string model_, format_, out_, weights_;
};

}  // namespace

std::unique_ptr<Job> make_export() { return std::make_unique<ExportJob>(); }

}  // namespace pool3::jobs
