// Network inputs of picture files, for checks by other programs.
//   pool3_profiles_dump PROFILE OUT.f32 IMAGE...
// OUT gets 299 x 299 x 3 float32 for each IMAGE.

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "pool3/image.hpp"
#include "support/slurp.hpp"

namespace {

void dump(const std::vector<std::string>& args) {
  const pool3::InputProfile profile = pool3::parse_input_profile(args.at(0));
  std::ofstream file(args.at(1), std::ios::binary);
  std::vector<float> input(static_cast<std::size_t>(pool3::input_floats));
  for (std::size_t i = 2; i < args.size(); ++i) {
    const std::string bytes = pool3::test::slurp(args[i]);
    pool3::to_input(pool3::decode(std::as_bytes(std::span(bytes))), profile, input);
    file.write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size() * sizeof(float)));
  }
  if (!file.flush()) throw std::runtime_error("can't write " + args[1]);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    dump({argv + 1, argv + argc});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "pool3_profiles_dump: " << error.what() << '\n';
    return 1;
  }
}
