// Features of ready-made network inputs, for checks by other programs.
//   pool3_network_dump WEIGHTS INPUT.f32 COUNT OUT.f32 fp32|bf16 [BATCH]
// INPUT holds COUNT x 299 x 299 x 3 float32, OUT gets COUNT x 2048.

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "pool3/error.hpp"
#include "pool3/network.hpp"

namespace {

std::vector<float> read_floats(const std::string& path, std::size_t count) {
  std::vector<float> values(count);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(float)))) {
    throw pool3::usage_error("can't read the inputs from " + path);
  }
  return values;
}

void dump(const std::vector<std::string>& args) {
  const std::int64_t count = std::stoll(args.at(2));
  const pool3::NetworkOptions options = {
      .precision = args.at(4) == "bf16" ? pool3::Precision::bf16 : pool3::Precision::fp32,
      .batch = args.size() > 5 ? std::stoi(args[5]) : 16};
  const std::vector<float> input = read_floats(args[1], static_cast<std::size_t>(count * pool3::input_floats));
  std::vector<float> out(static_cast<std::size_t>(count * pool3::feature_dim));
  const auto network = pool3::open_network(pool3::read_weights(args[0]), options);
  for (std::int64_t row = 0; row < count; row += options.batch) {
    const auto rows = static_cast<int>(std::min<std::int64_t>(options.batch, count - row));
    network->features(std::span(input).subspan(static_cast<std::size_t>(row * pool3::input_floats)), rows,
                      std::span(out).subspan(static_cast<std::size_t>(row * pool3::feature_dim)));
  }
  std::ofstream file(args[3], std::ios::binary);
  file.write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size() * sizeof(float)));
  if (!file.flush()) throw pool3::usage_error("can't write " + args[3]);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 6) throw pool3::usage_error("WEIGHTS INPUT.f32 COUNT OUT.f32 fp32|bf16 [BATCH]");
    dump({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "pool3_network_dump: " << error.what() << '\n';
    return 1;
  }
}
