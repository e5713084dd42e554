// What `bench/compare decode` calls: pool3's decoder, and libjpeg-turbo used as djpeg uses it, both from memory to
// RGB.

#include <cstdint>
#include <cstdio>
// jpeglib.h needs <cstdio> before it
#include <jpeglib.h>

#include <span>
#include <vector>

#include "pool3/image.hpp"

namespace {

std::int64_t decode_pool3(std::span<const std::byte> bytes, std::int64_t shortest_side) {
  try {
    pool3::Image picture = pool3::decode(bytes, {.max_pixels = 1 << 30, .shortest_side = shortest_side});
    const std::int64_t pixels = picture.width * picture.height;
    pool3::recycle(std::move(picture));  // as `pool3 extract` does
    return pixels;
  } catch (const pool3::ImageError&) {
    return -1;
  }
}

}  // namespace

extern "C" {

/// Pixels of the picture, or -1.
[[gnu::visibility("default")]] std::int64_t pool3_decode(const std::byte* data, std::size_t size, std::int64_t side) {
  return decode_pool3({data, size}, side);
}

/// Pixels of a JPEG. An error ends the process.
[[gnu::visibility("default")]] std::int64_t turbo_decode(const std::byte* data, std::size_t size) {
  jpeg_error_mgr errors{};
  jpeg_decompress_struct info{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(data), size);
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  std::vector<JSAMPLE> pixels(std::size_t{info.output_width} * info.output_height * 3);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels.data() + std::size_t{info.output_scanline} * info.output_width * 3;
    jpeg_read_scanlines(&info, &row, 1);
  }
  const auto count = static_cast<std::int64_t>(pixels.size() / 3);
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return count;
}
}
