#include "network/torch/scripted_methods.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <string>

namespace pool3::network {
namespace {

// Types are numbers in archives: 6 is float32, 4 is int64.

/// Two pixels of an axis for each of the input, and the weight of the second, as TensorFlow has them. {0}: what is
/// divided; {1}: by what.
constexpr const char* pair_of_pixels = R"(
def axis(self, size: int) -> Tuple[Tensor, Tensor, Tensor]:
    last = size - 1
    step = torch.full([1], float({0}), dtype=6) / {1}
    position = torch.arange(299, dtype=6) * step
    whole = torch.floor(position)
    low = torch.clamp(torch.to(whole, 4, False, False, None), max=last)
    return low, torch.clamp(low + 1, max=last), position - whole
)";
constexpr const char* bilinear = R"(
def resize(self, pictures: Tensor) -> Tensor:
    top, bottom, down = self.axis(pictures.size(2))
    left, right, across = self.axis(pictures.size(3))
    rows = [torch.index_select(pictures, 2, top), torch.index_select(pictures, 2, bottom)]
    mixed: List[Tensor] = []
    for row in rows:
        first = torch.to(torch.index_select(row, 3, left), 6, False, False, None)
        second = torch.to(torch.index_select(row, 3, right), 6, False, False, None)
        mixed.append(first + (second - first) * across)
    return mixed[0] + (mixed[1] - mixed[0]) * down.unsqueeze(1)
)";

/// Pillow's triangle filter as a matrix [299, size].
constexpr const char* triangle = R"(
def axis(self, size: int, target: int) -> Tensor:
    scale = torch.full([1], float(size), dtype=6) / float(target)
    support = torch.clamp(scale, min=1.0)
    first = torch.round(torch.full([1], float(target - 299), dtype=6) / 2.0)
    centre = (torch.arange(299, dtype=6) + first + 0.5) * scale
    place = torch.arange(size, dtype=6) + 0.5
    height = torch.relu(1.0 - torch.abs((place.unsqueeze(0) - centre.unsqueeze(1)) / support))
    return height / torch.sum(height, [1], True)
)";
/// {0} and {1}: how long the axes become, of `height` and `width`.
constexpr const char* antialiased = R"(
def resize(self, pictures: Tensor) -> Tensor:
    height = pictures.size(2)
    width = pictures.size(3)
    down = self.axis(height, {0})
    across = self.axis(width, {1})
    floats = torch.to(pictures, 6, False, False, None)
    narrow = torch.floor(torch.matmul(floats, across.t()) + 0.5)
    return torch.floor(torch.matmul(down, narrow) + 0.5)
)";

constexpr const char* by_temperature = R"(
def probabilities(self, pictures: Tensor) -> Tensor:
    return torch.softmax(self.forward(pictures) * self.temperature, 1)
)";
constexpr const char* by_sigmoids = R"(
def probabilities(self, pictures: Tensor) -> Tensor:
    each = torch.sigmoid(-(self.forward(pictures) * self.sigmoid_a + self.sigmoid_b))
    return each / torch.sum(each, [1], True)
)";
/// {}: the method whose answer it is.
constexpr const char* classify = R"(
def classify(self, picture: Tensor) -> Tensor:
    colours = torch.narrow(picture, 2, 0, 3).permute([2, 0, 1]).unsqueeze(0)
    return self.{}(self.resize(colours))[0]
)";

std::string resize_methods(InputProfile profile) {
  switch (profile) {
    case InputProfile::nsfwjs:
      return fmt::format(fmt::runtime(pair_of_pixels), "last", "298.0") + bilinear;
    case InputProfile::tf2015:
      return fmt::format(fmt::runtime(pair_of_pixels), "size", "299.0") + bilinear;
    case InputProfile::keras:
      return triangle + fmt::format(fmt::runtime(antialiased), "299", "299");
    case InputProfile::torchvision:
      return triangle + fmt::format(fmt::runtime(antialiased), "342 * height // min(height, width)",
                                    "342 * width // min(height, width)");
  }
  return {};
}

at::Tensor row_of(const std::vector<float>& values) {
  at::Tensor row = at::empty({static_cast<std::int64_t>(values.size())}, at::kFloat);
  std::copy(values.begin(), values.end(), row.data_ptr<float>());
  return row;
}

}  // namespace

void add_methods(torch::jit::Module& module, InputProfile profile, const LinearLayer& layer) {
  std::string source = resize_methods(profile);
  const bool has_temperature = layer.temperature > 0, has_sigmoids = !layer.sigmoid_a.empty();
  if (has_temperature) {
    module.register_attribute("temperature", c10::FloatType::get(), layer.temperature);
    source += by_temperature;
  } else if (has_sigmoids) {
    module.register_buffer("sigmoid_a", row_of(layer.sigmoid_a));
    module.register_buffer("sigmoid_b", row_of(layer.sigmoid_b));
    source += by_sigmoids;
  }
  source += fmt::format(fmt::runtime(classify), has_temperature || has_sigmoids ? "probabilities" : "forward");
  module.define(source);
}

}  // namespace pool3::network
