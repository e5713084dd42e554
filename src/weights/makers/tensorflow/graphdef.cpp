#include "weights/makers/tensorflow/graphdef.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>

#include "weights/containers/protobuf.hpp"
#include "weights/floats.hpp"
#include "weights/makers/tensorflow/graph_tensor.hpp"
#include "weights/refusals.hpp"

namespace pool3::weights {
namespace {

using Kind = WireField::Kind;

constexpr const char* advice = "not TensorFlow's Inception-v3 of December 2015?";

struct Node {
  std::string_view op;
  std::string_view message;
};

/// The nodes of a GraphDef by name. Borrows its bytes.
class Graph {
 public:
  explicit Graph(std::string_view bytes) {
    WireReader fields(bytes);
    while (const auto field = fields.next()) {
      if (field->is(1, Kind::bytes)) add(field->bytes);
    }
  }
  [[nodiscard]] const Node* find(std::string_view name) const {
    const auto found = nodes_.find(name);
    return found == nodes_.end() ? nullptr : &found->second;
  }
  /// The node of that name and op. Throws FormatError.
  [[nodiscard]] const Node& get(const std::string& name, std::string_view op) const {
    const Node* node = find(name);
    if (node == nullptr) throw FormatError(fmt::format("no node '{}'", name), advice);
    if (node->op != op) throw FormatError(fmt::format("node '{}' is no {}", name, op), advice);
    return *node;
  }

 private:
  void add(std::string_view message) {
    Node node = {.op = {}, .message = message};
    std::string_view name;
    WireReader fields(message);
    while (const auto field = fields.next()) {
      if (field->is(1, Kind::bytes)) name = field->bytes;
      if (field->is(2, Kind::bytes)) node.op = field->bytes;
    }
    if (!nodes_.emplace(name, node).second) throw FormatError(fmt::format("node '{}' is there twice", name));
  }
  std::map<std::string_view, Node> nodes_;
};

/// The AttrValue `key` of a node. Throws FormatError.
std::string_view attribute(const Node& node, std::string_view key) {
  WireReader fields(node.message);
  while (const auto field = fields.next()) {
    if (!field->is(5, Kind::bytes)) continue;
    std::string_view its_key;
    std::string_view value;
    WireReader pair(field->bytes);
    while (const auto part = pair.next()) {
      if (part->is(1, Kind::bytes)) its_key = part->bytes;
      if (part->is(2, Kind::bytes)) value = part->bytes;
    }
    if (its_key == key) return value;
  }
  throw FormatError(fmt::format("a node without '{}'", key), advice);
}

/// A number of an AttrValue; 0 where it is left out, as protocol buffers have it.
std::uint64_t number_of(std::string_view value, std::uint32_t number, Kind kind) {
  std::uint64_t bits = 0;
  WireReader fields(value);
  while (const auto field = fields.next()) {
    if (field->is(number, kind)) bits = field->value;
  }
  return bits;
}

struct Norm {
  float epsilon = 0;
  bool has_gamma = false;
  bool operator==(const Norm&) const = default;
};

Norm norm_of(const Graph& graph, const std::string& convolution) {
  const Node& node = graph.get(convolution + "/batchnorm", "BatchNormWithGlobalNormalization");
  const auto bits = static_cast<std::uint32_t>(number_of(attribute(node, "variance_epsilon"), 4, Kind::fixed32));
  return {.epsilon = std::bit_cast<float>(bits),
          .has_gamma = number_of(attribute(node, "scale_after_normalization"), 5, Kind::varint) != 0};
}

/// What all batch norms share.
Norm common_norm(const Graph& graph) {
  const Norm first = norm_of(graph, "conv");
  for (const ConvolutionShape& s : convolution_shapes()) {
    const std::string name = graphdef_name(s.name);
    if (!(norm_of(graph, name) == first))
      throw FormatError(fmt::format("the batch norm of '{}' is unlike the first", name));
  }
  return first;
}

/// The pools before the 1x1 convolution of a branch: averages, but for the last block, where it may be either.
bool last_pool_is_max(const Graph& graph) {
  for (const char* block : {"mixed", "mixed_1", "mixed_2", "mixed_4", "mixed_5", "mixed_6", "mixed_7", "mixed_9"}) {
    static_cast<void>(graph.get(fmt::format("{}/tower_2/pool", block), "AvgPool"));
  }
  const std::string last = "mixed_10/tower_2/pool";
  const Node* node = graph.find(last);
  if (node != nullptr && node->op == "MaxPool") return true;
  static_cast<void>(graph.get(last, "AvgPool"));
  return false;
}

Weights read(std::string_view bytes) {
  GraphWeights graph = read_graphdef(bytes);
  return {.traits = graph.traits, .source = {}, .sha256 = {}, .tensors = std::move(graph.tensors)};
}

}  // namespace

constinit const Maker graphdef_file = {
    .kind = "TensorFlow's GraphDef of 2015", .name = "TensorFlow 2015", .knows = looks_like_graphdef, .read = read};

// The order of torchvision's blocks is that of the graph:
//   Conv2d_1a, 2a, 2b, 3b, 4a              conv, conv_1 ... conv_4
//   Mixed_5b 5c 5d 6a 6b 6c 6d 6e 7a 7b 7c  mixed, mixed_1 ... mixed_10
// and in a block, a tower is a branch, and its convolutions are numbered from its start:
//   branch1x1; branch3x3 of 6a             conv
//   the first branch of more than one      tower/conv, conv_1, ...        (5x5_, 7x7_, 3x3_; in 6a 3x3dbl_)
//   the second one                         tower_1/conv, conv_1, ...      (3x3dbl_, 7x7dbl_, 7x7x3_)
//   branch_pool                            tower_2/conv
//   in 7b and 7c, the ends of a branch     TOWER/mixed/conv (a, 1x3), TOWER/mixed/conv_1 (b, 3x1)
std::string graphdef_name(const std::string& torchvision_name) {
  static constexpr std::array<std::string_view, 5> stem = {"Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3",
                                                           "Conv2d_3b_1x1", "Conv2d_4a_3x3"};
  static constexpr std::array<std::string_view, 11> blocks = {"Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a",
                                                              "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e",
                                                              "Mixed_7a", "Mixed_7b", "Mixed_7c"};
  const auto numbered = [](const std::string& base, std::size_t n) {
    return n == 0 ? base : fmt::format("{}_{}", base, n);
  };
  const auto place = [](const auto& names, std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  };
  const std::size_t dot = torchvision_name.find('.');
  if (dot == std::string::npos) return numbered("conv", place(stem, torchvision_name));
  const std::string block = torchvision_name.substr(0, dot);
  const std::string branch = torchvision_name.substr(dot + 1);
  const std::string prefix = numbered("mixed", place(blocks, block)) + "/";
  if (branch == "branch1x1" || branch == "branch3x3") return prefix + "conv";
  if (branch == "branch_pool") return prefix + "tower_2/conv";
  const bool second = branch.starts_with("branch7x7dbl") || branch.starts_with("branch7x7x3") ||
                      (branch.starts_with("branch3x3dbl") && block != "Mixed_6a");
  const std::string tower = prefix + (second ? "tower_1/" : "tower/");
  if (branch.ends_with('a')) return tower + "mixed/conv";
  if (branch.ends_with('b')) return tower + "mixed/conv_1";
  return tower + numbered("conv", static_cast<std::size_t>(branch.back() - '1'));
}

bool looks_like_graphdef(std::string_view bytes) {
  try {
    const auto node = WireReader(bytes.substr(0, std::min<std::size_t>(bytes.size(), 1U << 16U))).next();
    if (!node || !node->is(1, Kind::bytes)) return false;
    const auto name = WireReader(node->bytes).next();
    return name && name->is(1, Kind::bytes) && !name->bytes.empty() &&
           std::ranges::all_of(name->bytes, [](char c) { return std::isprint(static_cast<unsigned char>(c)) != 0; });
  } catch (const FormatError&) {
    return false;
  }
}

GraphWeights read_graphdef(std::string_view bytes) {
  const Graph graph(bytes);
  const Norm norm = common_norm(graph);
  const auto names = [&](const ConvolutionShape& s, std::size_t) {
    const std::string name = graphdef_name(s.name);
    return LayerNames{.kernel = name + "/conv2d_params",
                      .gamma = norm.has_gamma ? name + "/batchnorm/gamma" : "",
                      .beta = name + "/batchnorm/beta",
                      .mean = name + "/batchnorm/moving_mean",
                      .variance = name + "/batchnorm/moving_variance"};
  };
  const auto read = [&](const std::string& name, const Shape& shape) -> std::optional<Tensor> {
    if (name.empty() || graph.find(name) == nullptr) return std::nullopt;
    return read_tensor_proto(attribute_tensor(attribute(graph.get(name, "Const"), "value")), shape, name);
  };
  return {.traits = {.average_pool_counts_padding = false,
                     .max_pool_in_7c = last_pool_is_max(graph),
                     .profile = InputProfile::tf2015},
          .tensors = read_layers(read, {.names = names,
                                        .order = KernelOrder::hwio,
                                        .needs_gamma = norm.has_gamma,
                                        .epsilon = static_cast<double>(norm.epsilon)})};
}

}  // namespace pool3::weights
