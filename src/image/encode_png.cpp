#include <fmt/format.h>
#include <png.h>

#include <stdexcept>

#include "pool3/image.hpp"

namespace pool3 {
namespace {

/// libpng's simplified interface; `format` is one of its PNG_FORMAT names.
std::string encode(std::int64_t width, std::int64_t height, const std::vector<std::uint8_t>& pixels,
                   png_uint_32 format) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(width);
  header.height = static_cast<png_uint_32>(height);
  header.format = format;
  png_alloc_size_t size = 0;
  std::string bytes;
  const auto write = [&](void* memory) {
    if (png_image_write_to_memory(&header, memory, &size, 0, pixels.data(), 0, nullptr) == 0) {
      throw std::runtime_error(fmt::format("can't make a PNG: {}", static_cast<const char*>(header.message)));
    }
  };
  write(nullptr);  // tells the size
  bytes.resize(size);
  write(bytes.data());
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string encode_png(const GreyImage& picture) {
  return encode(picture.width, picture.height, picture.pixels, PNG_FORMAT_GRAY);
}

std::string encode_png(const Image& picture) {
  return encode(picture.width, picture.height, picture.pixels, PNG_FORMAT_RGB);
}

}  // namespace pool3
