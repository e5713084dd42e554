// The export job: a model file -> what other programs read.

#include <fmt/format.h>

#include "command.hpp"
#include "pool3/exchange.hpp"
#include "pool3/files.hpp"
#include "setup/find_weights.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "export";

/// "npz: arrays for NumPy; onnx: features to scores; ...".
std::string help_of_formats() {
  std::string text;
  for (const ExportFormat& format : export_formats())
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", format.name, format.holds);
  return text;
}

class ExportCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("model", model_, "model file");
    p.take_without_flag("model");
    p.add_required("format", format_, help_of_formats());
    p.add_switch("pictures", pictures_, "onnx: with the network, from pictures of any size", Changes::file);
    p.add_switch("quantised", quantised_, "the network's weights in 8 bits: a quarter of the size", Changes::file);
    p.add("weights", weights_, "the weights that the model's features were made with, if the network is in the file",
          std::string());
    p.add_required("out", out_, "file to make", Changes::file);
    p.reads("model");
    p.reads("weights", ReadPath::Form::weights);
    p.writes("out");
  }
  void check() const override {
    const HoldsNetwork network = find_export_format(format_).network;
    if (pictures_ && network == HoldsNetwork::never)
      throw usage_error(fmt::format("--format {} can't hold the network", format_), "--pictures goes with onnx");
    if (quantised_ && network != HoldsNetwork::always && !pictures_)
      throw usage_error("--quantised is for files that hold the network",
                        "it goes with --format onnx --pictures, or torchscript");
  }
  ExitCode run(const Context& context) override {
    context.comm.root_does([&] {
      check_output({stage, out_});
      const ExportFormat& format = find_export_format(format_);
      const Model model = read_model(model_);
      const auto weights = [&] { return weights_of_model(model, model_, weights_, stage); };
      const std::string bytes = format.bytes({model, version, weights, pictures_, quantised_});
      write_whole_file({stage, out_}, bytes);
      context.log.line(stage,
                       fmt::format("{}: {}, {} classes, {} bytes", out_, format_, model.classes.size(), bytes.size()));
    });
    return ExitCode::ok;
  }

 private:
  std::string model_, format_, out_, weights_;
  bool pictures_ = false, quantised_ = false;
};

}  // namespace

std::unique_ptr<Command> make_export() { return std::make_unique<ExportCommand>(); }

}  // namespace pool3::jobs
