// Features of ready-made network inputs, for checks by other programs.
//   pool3_network_dump WEIGHTS INPUT.f32 COUNT OUT.f32 fp32|bf16|int8 [BATCH [INSTRUCTIONS]]
// INPUT holds COUNT x 299 x 299 x 3 float32, OUT gets COUNT rows of features.
//   pool3_network_dump instructions
// What this CPU has, one a line, the best one last.
//   pool3_network_dump WEIGHTS INPUT.f32 stages OUT.f32 fp32|bf16|int8 [BATCH [INSTRUCTIONS]]
// INPUT holds one picture. OUT gets the values of all stages, one after the other; stdout their names and shapes.

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

void write_floats(const std::string& path, const std::vector<float>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!file.flush()) throw pool3::usage_error("can't write " + path);
}

pool3::Instructions parse_instructions(const std::string& name) {
  const auto* const found = std::ranges::find(pool3::instruction_names, name);
  const auto instructions = static_cast<pool3::Instructions>(found - pool3::instruction_names.begin());
  if (found == pool3::instruction_names.end() || !pool3::cpu_has(instructions))
    throw pool3::usage_error("this CPU has no instructions " + name);
  return instructions;
}

pool3::NetworkOptions options_of(const std::vector<std::string>& args) {
  const auto* const found = std::ranges::find(pool3::precision_names, args.at(4));
  if (found == pool3::precision_names.end()) throw pool3::usage_error("unknown precision " + args.at(4));
  return {.precision = static_cast<pool3::Precision>(found - pool3::precision_names.begin()),
          .batch = args.size() > 5 ? std::stoi(args[5]) : 16,
          .instructions = args.size() > 6 ? parse_instructions(args[6]) : pool3::cpu_instructions()};
}

void dump_stages(const std::vector<std::string>& args) {
  const std::vector<float> input = read_floats(args[1], static_cast<std::size_t>(pool3::input_floats));
  std::vector<float> all;
  for (const auto& s : pool3::open_network(pool3::read_weights(args[0]), options_of(args))->stages(input)) {
    std::cout << s.name << ' ' << s.channels << ' ' << s.height << ' ' << s.width << '\n';
    all.insert(all.end(), s.values.begin(), s.values.end());
  }
  write_floats(args[3], all);
}

void dump(const std::vector<std::string>& args) {
  const std::int64_t count = std::stoll(args.at(2));
  const pool3::NetworkOptions options = options_of(args);
  const std::vector<float> input = read_floats(args[1], static_cast<std::size_t>(count * pool3::input_floats));
  const auto network = pool3::open_network(pool3::read_weights(args[0]), options);
  std::vector<float> out(static_cast<std::size_t>(count * network->width()));
  for (std::int64_t row = 0; row < count; row += options.batch) {
    const auto rows = static_cast<int>(std::min<std::int64_t>(options.batch, count - row));
    network->features(std::span(input).subspan(static_cast<std::size_t>(row * pool3::input_floats)), rows,
                      std::span(out).subspan(static_cast<std::size_t>(row * network->width())));
  }
  write_floats(args[3], out);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> args(argv + 1, argv + argc);
    if (args == std::vector<std::string>{"instructions"}) {
      for (std::size_t i = 0; i < pool3::instruction_names.size(); ++i)
        if (pool3::cpu_has(static_cast<pool3::Instructions>(i))) std::cout << pool3::instruction_names.at(i) << '\n';
      return 0;
    }
    if (argc < 6) throw pool3::usage_error("WEIGHTS INPUT.f32 COUNT OUT.f32 fp32|bf16|int8 [BATCH [INSTRUCTIONS]]");
    args[2] == "stages" ? dump_stages(args) : dump(args);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "pool3_network_dump: " << error.what() << '\n';
    return 1;
  }
}
