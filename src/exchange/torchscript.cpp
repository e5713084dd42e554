#include "exchange/formats.hpp"
#include "pool3/error.hpp"
#include "pool3/network.hpp"

namespace pool3::exchange {

std::string torchscript_bytes(const ExportSource& source) {
  const Model& model = source.model;
  if (model.kernel != Kernel::linear)
    throw Error({.stage = "export",
                 .cause = "the model is not linear, and TorchScript archives hold linear ones",
                 .advice = "export to onnx, which takes features"});
  return torchscript_classifier(source.weights(), {.classes = model.classes,
                                                   .weight = {model.coef.begin(), model.coef.end()},
                                                   .bias = {model.intercept.begin(), model.intercept.end()}});
}

}  // namespace pool3::exchange
