#include "exchange/onnx/resize.hpp"

#include <vector>

#include "exchange/onnx/graph_parts.hpp"

namespace pool3::exchange::onnx {
namespace {

constexpr std::uint64_t to_float = 1, to_integer = 7;

std::string number(const std::string& name, double value) { return tensor(name, {value}, {}); }
std::string number(const std::string& name, std::int64_t value) { return integers(name, {value}, {}); }
std::string cast(const std::string& from, const std::string& out, std::uint64_t type) {
  return node("Cast", {from}, {out}, attribute("to", type));
}
std::string gather(const std::string& from, const std::string& which, const std::string& out, std::uint64_t axis) {
  return node("Gather", {from, which}, {out}, attribute("axis", axis));
}

/// What both kinds share. y and x are the names of the axes.
std::string common_parts() {
  std::vector<double> range;
  for (std::int64_t i = 0; i < input_side; ++i) range.push_back(static_cast<double>(i));
  std::string out = node("Shape", {"picture"}, {"shape"}) + tensor("range", range, {range.size()}) +
                    number("one", std::int64_t{1}) + integers("colours", {0, 1, 2}, {3}) +
                    integers("second_side", {1}, {1});
  for (const auto& [axis, side] : {std::pair("y", std::int64_t{1}), std::pair("x", std::int64_t{2})}) {
    const std::string name(axis);
    out += number(name + ".side", side) + gather("shape", name + ".side", name + ".size", 0);
  }
  return out;
}

/// Two pixels of an axis for each of the input, and the weight of the second, as axis_of() has them.
std::string pair_of_pixels(const std::string& axis, InputProfile profile) {
  const auto n = [&](const char* what) { return axis + "." + what; };
  const bool aligned = profile == InputProfile::nsfwjs;
  return node("Sub", {n("size"), "one"}, {n("last")}) + cast(n(aligned ? "last" : "size"), n("span"), to_float) +
         node("Div", {n("span"), "steps"}, {n("step")}) + node("Mul", {"range", n("step")}, {n("position")}) +
         node("Floor", {n("position")}, {n("floor")}) + cast(n("floor"), n("whole"), to_integer) +
         node("Min", {n("whole"), n("last")}, {n("low")}) + node("Add", {n("low"), "one"}, {n("next")}) +
         node("Min", {n("next"), n("last")}, {n("high")}) + node("Sub", {n("position"), n("floor")}, {n("share")});
}

/// out = a + (b - a) * weight.
std::string mix(const std::string& a, const std::string& b, const std::string& weight, const std::string& out) {
  return node("Sub", {b, a}, {out + ".difference"}) + node("Mul", {out + ".difference", weight}, {out + ".part"}) +
         node("Add", {a, out + ".part"}, {out});
}

/// A row of the picture's pixels, at places `columns`, as the network's numbers.
std::string values_at(const std::string& row, const std::string& columns, const std::string& out,
                      InputProfile profile) {
  std::string nodes = gather(row, columns, out + ".pixels", 2) +
                      gather(out + ".pixels", "colours", out + ".colours", 3) +
                      cast(out + ".colours", out + ".floats", to_float);
  if (profile == InputProfile::nsfwjs) return nodes + node("Div", {out + ".floats", "unit"}, {out});
  return nodes + node("Sub", {out + ".floats", "middle"}, {out + ".moved"}) +
         node("Div", {out + ".moved", "unit"}, {out});
}

std::string bilinear(InputProfile profile) {
  const bool aligned = profile == InputProfile::nsfwjs;
  std::string out = number("steps", static_cast<double>(aligned ? input_side - 1 : input_side));
  out += number("unit", aligned ? 255.0 : 128.0) + integers("last_sides", {1, 2}, {2});
  if (!aligned) out += number("middle", 128.0);
  out += pair_of_pixels("y", profile) + pair_of_pixels("x", profile) +
         node("Unsqueeze", {"x.share", "second_side"}, {"x.weight"}) +
         node("Unsqueeze", {"y.share", "last_sides"}, {"y.weight"});
  for (const std::string row : {"top", "bottom"}) {
    out += gather("picture", row == "top" ? "y.low" : "y.high", row + ".row", 1) +
           values_at(row + ".row", "x.low", row + ".left", profile) +
           values_at(row + ".row", "x.high", row + ".right", profile) +
           mix(row + ".left", row + ".right", "x.weight", row);
  }
  return out + mix("top", "bottom", "y.weight", "resized") +
         node("Transpose", {"resized"}, {"input"}, attribute("perm", std::vector<std::int64_t>{0, 3, 1, 2}));
}

/// How long an axis becomes, and which part of it is taken: `target` and `first`.
std::string target_of(const std::string& axis, InputProfile profile) {
  const auto n = [&](const char* what) { return axis + "." + what; };
  if (profile == InputProfile::keras)
    return number(n("target"), static_cast<double>(input_side)) + number(n("first"), 0.0);
  return node("Mul", {n("size"), "shorter_side"}, {n("scaled")}) +
         node("Div", {n("scaled"), "shorter"}, {n("target_integer")}) +
         cast(n("target_integer"), n("target"), to_float) + node("Sub", {n("target"), "taken"}, {n("rest")}) +
         node("Mul", {n("rest"), "half"}, {n("margin")}) + node("Round", {n("margin")}, {n("first")});
}

/// Pillow's triangle filter as a matrix [299, size].
std::string filter_of(const std::string& axis, InputProfile profile) {
  const auto n = [&](const char* what) { return axis + "." + what; };
  return target_of(axis, profile) + cast(n("size"), n("length"), to_float) +
         node("Div", {n("length"), n("target")}, {n("scale")}) + node("Max", {n("scale"), "unity"}, {n("support")}) +
         node("Add", {"range", n("first")}, {n("wanted")}) + node("Add", {n("wanted"), "half"}, {n("middle")}) +
         node("Mul", {n("middle"), n("scale")}, {n("centre")}) +
         node("Unsqueeze", {n("centre"), "second_side"}, {n("centres")}) +
         node("Range", {"zero", n("size"), "one"}, {n("index")}) + cast(n("index"), n("left"), to_float) +
         node("Add", {n("left"), "half"}, {n("place")}) + node("Unsqueeze", {n("place"), "first_side"}, {n("places")}) +
         node("Sub", {n("places"), n("centres")}, {n("off")}) + node("Div", {n("off"), n("support")}, {n("relative")}) +
         node("Abs", {n("relative")}, {n("distance")}) + node("Sub", {"unity", n("distance")}, {n("height")}) +
         node("Relu", {n("height")}, {n("triangle")}) +
         node("ReduceSum", {n("triangle"), "second_side"}, {n("sum")}, attribute("keepdims", 1)) +
         node("Div", {n("triangle"), n("sum")}, {n("filter")});
}

/// Whole numbers, as Pillow keeps bytes between its two passes.
std::string to_bytes(const std::string& from, const std::string& out) {
  return node("Add", {from, "half"}, {out + ".more"}) + node("Floor", {out + ".more"}, {out});
}

std::string antialiased(InputProfile profile) {
  std::string out = number("zero", std::int64_t{0}) + number("unity", 1.0) + number("half", 0.5) +
                    number("unit", 127.5) + integers("first_side", {0}, {1});
  if (profile == InputProfile::torchvision)
    out += number("shorter_side", resized_side(profile)) + number("taken", static_cast<double>(input_side)) +
           node("Min", {"y.size", "x.size"}, {"shorter"});
  return out + filter_of("y", profile) + filter_of("x", profile) + gather("picture", "colours", "rgb", 3) +
         cast("rgb", "rgb.floats", to_float) +
         node("Transpose", {"rgb.floats"}, {"pixels"}, attribute("perm", std::vector<std::int64_t>{0, 3, 1, 2})) +
         node("Transpose", {"x.filter"}, {"x.columns"}, attribute("perm", std::vector<std::int64_t>{1, 0})) +
         node("MatMul", {"pixels", "x.columns"}, {"narrow"}) + to_bytes("narrow", "narrow.bytes") +
         node("MatMul", {"y.filter", "narrow.bytes"}, {"small"}) + to_bytes("small", "small.bytes") +
         node("Div", {"small.bytes", "unit"}, {"scaled"}) + node("Sub", {"scaled", "unity"}, {"input"});
}

}  // namespace

std::string resize_nodes(InputProfile profile) {
  const bool plain = profile == InputProfile::nsfwjs || profile == InputProfile::tf2015;
  return common_parts() + (plain ? bilinear(profile) : antialiased(profile));
}

}  // namespace pool3::exchange::onnx
