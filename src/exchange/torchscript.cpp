#include "exchange/formats.hpp"
#include "pool3/error.hpp"
#include "pool3/network.hpp"
#include "pool3/prediction.hpp"

namespace pool3::exchange {

std::string torchscript_bytes(const ExportSource& source) {
  const Model& model = source.model;
  if (model.kernel != Kernel::linear)
    throw Error({.stage = "export",
                 .cause = "the model is not linear, and TorchScript archives hold linear ones",
                 .advice = "export to onnx with --pictures"});
  LinearLayer layer = {.classes = {},
                       .weight = {model.coef.begin(), model.coef.end()},
                       .bias = {model.intercept.begin(), model.intercept.end()}};
  // PyTorch's texts are UTF-8.
  for (const std::string& name : model.classes) layer.classes.push_back(utf8_text(name));
  if (has_probabilities(model)) {
    layer.temperature = model.temperature;
    layer.sigmoid_a = {model.sigmoid_a.begin(), model.sigmoid_a.end()};
    layer.sigmoid_b = {model.sigmoid_b.begin(), model.sigmoid_b.end()};
  }
  return torchscript_classifier(source.weights(), layer, source.quantised);
}

}  // namespace pool3::exchange
