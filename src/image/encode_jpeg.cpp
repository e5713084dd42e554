#include <array>
#include <cstdio>
#include <cstdlib>
// jpeglib.h needs <cstdio> before it
#include <jpeglib.h>

#include "image/formats/error_trap.hpp"
#include "pool3/image.hpp"

namespace pool3 {
namespace {

[[noreturn]] void spring_with_message(j_common_ptr info) {
  std::array<char, JMSG_LENGTH_MAX> text{};
  info->err->format_message(info, text.data());
  static_cast<image::ErrorTrap*>(info->client_data)->spring(text.data());
}

/// The library's object and the memory it fills. Both go, whatever is thrown.
struct Encoder {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  image::ErrorTrap trap;
  unsigned char* memory = nullptr;
  unsigned long bytes = 0;

  Encoder() {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = spring_with_message;
    info.client_data = &trap;
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  ~Encoder() {
    jpeg_destroy_compress(&info);
    std::free(memory);  // the library's own. NOLINT(cppcoreguidelines-no-malloc)
  }
};

}  // namespace

std::string encode_jpeg(const Image& picture, int quality) {
  Encoder e;
  image::guarded(e.trap, [&] {
    jpeg_create_compress(&e.info);
    jpeg_mem_dest(&e.info, &e.memory, &e.bytes);
    e.info.image_width = static_cast<JDIMENSION>(picture.width);
    e.info.image_height = static_cast<JDIMENSION>(picture.height);
    e.info.input_components = 3;
    e.info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&e.info);
    jpeg_set_quality(&e.info, quality, TRUE);
    e.info.optimize_coding = TRUE;
    jpeg_start_compress(&e.info, TRUE);
    while (e.info.next_scanline < e.info.image_height) {
      const auto* source = &picture.pixels[std::size_t{e.info.next_scanline} * e.info.image_width * 3];
      // The library does not write to it. NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
      auto* line = const_cast<JSAMPLE*>(source);
      jpeg_write_scanlines(&e.info, &line, 1);
    }
    jpeg_finish_compress(&e.info);
  });
  return {reinterpret_cast<const char*>(e.memory), e.bytes};
}

}  // namespace pool3
