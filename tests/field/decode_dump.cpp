// The pixels of a picture file, for checks by other programs.
//   pool3_decode_dump IMAGE...
// Writes a PPM for each IMAGE to standard output. One that can't be decoded gives the line "STATUS: cause" instead.

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "pool3/image.hpp"

namespace {

void dump(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  try {
    const pool3::Image picture = pool3::decode(std::as_bytes(std::span(text)));
    std::cout << "P6 " << picture.width << ' ' << picture.height << " 255\n";
    std::cout.write(reinterpret_cast<const char*>(picture.pixels.data()),
                    static_cast<std::streamsize>(picture.pixels.size()));
  } catch (const pool3::ImageError& error) {
    std::cout << to_string(error.status()) << ": " << error.what() << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) dump(argv[i]);
  return std::cout.flush() ? 0 : 1;
}
