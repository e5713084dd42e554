#include <algorithm>
#include <array>
#include <cstdio>
// jpeglib.h needs <cstdio> before it
#include <jpeglib.h>
// jerror.h needs jpeglib.h before it
#include <jerror.h>

#include <vector>

#include "image/canvas.hpp"
#include "image/exif.hpp"
#include "image/formats/decoders.hpp"
#include "image/formats/trap.hpp"
#include "image/pixels.hpp"

namespace pool3::image {
namespace {

constexpr int marker_app1 = JPEG_APP0 + 1;
/// Progressive files of real encoders have about ten scans. Each costs a pass over the picture, so that a small
/// file with very many would hold a rank for hours.
constexpr int max_scans = 100;

ErrorTrap& trap_of(j_common_ptr info) { return *static_cast<ErrorTrap*>(info->client_data); }

[[noreturn]] void spring_with_message(j_common_ptr info) {
  std::array<char, JMSG_LENGTH_MAX> text{};
  info->err->format_message(info, text.data());
  trap_of(info).spring(text.data());
}

/// Warnings that say nothing against the pixels.
bool is_harmless(int code) {
  return code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR || code == JWRN_NOT_SEQUENTIAL || code == JWRN_BOGUS_ICC;
}

/// The library continues after damage and fills what is missing with grey. A picture that is grey in part gives
/// features that look right and are wrong. So here every warning of corrupt or missing data is an error.
void on_message(j_common_ptr info, int level) {
  if (level < 0 && !is_harmless(info->err->msg_code)) spring_with_message(info);
}

void on_progress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > max_scans) trap_of(info).spring("too many scans");
}

/// Adobe's inverted CMYK, which is what JPEG files hold in practice: 255 is no ink.
void cmyk_to_rgb(const JSAMPLE* cmyk, std::int64_t width, std::uint8_t* rgb) {
  for (std::int64_t x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    for (int c = 0; c < 3; ++c) rgb[c] = under_ink(255 - cmyk[c], cmyk[3]);
  }
}

class JpegReader {
 public:
  JpegReader() {
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = spring_with_message;
    errors_.emit_message = on_message;
    info_.client_data = &trap_;
    guarded(trap_, [this] { jpeg_create_decompress(&info_); });  // all else has the destructor behind it
    progress_.progress_monitor = on_progress;
    info_.progress = &progress_;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  /// `bytes` must outlive the reader.
  void read_header(Bytes bytes, std::int64_t max_pixels) {
    guarded(trap_, [&] {
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_save_markers(&info_, marker_app1, 0xFFFF);
      jpeg_read_header(&info_, TRUE);
    });
    check_pixel_limit(info_.image_width, info_.image_height, max_pixels);
  }

  /// Asks for the smallest size whose shorter side has `shortest_side` pixels. Only the sizes that the library has
  /// vector code for: the others take longer than the whole picture.
  void shrink(std::int64_t shortest_side) {
    const std::int64_t side = std::min(info_.image_width, info_.image_height);
    for (const unsigned eighths : {4U, 2U, 1U}) {
      if ((side * eighths + 7) / 8 < shortest_side) return;
      info_.scale_num = eighths;
      info_.scale_denom = 8;
    }
  }

  [[nodiscard]] int orientation() const {
    for (const jpeg_marker_struct* m = info_.marker_list; m != nullptr; m = m->next) {
      const std::span block(reinterpret_cast<const std::byte*>(m->data), m->data_length);
      // APP1 is XMP's too: the first block that is EXIF counts.
      if (m->marker == marker_app1 && block.size() > 4 && block[0] == std::byte{'E'}) return exif_orientation(block);
    }
    return 1;
  }

  [[nodiscard]] Image read_pixels() {
    const bool four = info_.num_components == 4;
    info_.out_color_space = four ? JCS_CMYK : JCS_RGB;
    guarded(trap_, [this] { jpeg_calc_output_dimensions(&info_); });
    Image picture = blank(info_.output_width, info_.output_height);
    std::vector<JSAMPLE> row(four ? std::size_t{info_.output_width} * 4 : 0);
    guarded(trap_, [&] { read_rows(picture, row.data(), four); });
    return picture;
  }

 private:
  void read_rows(Image& picture, JSAMPLE* row, bool four) {
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      std::uint8_t* rgb = picture.pixels.data() + std::int64_t{info_.output_scanline} * picture.width * 3;
      JSAMPROW target = four ? row : rgb;
      jpeg_read_scanlines(&info_, &target, 1);
      if (four) cmyk_to_rgb(row, picture.width, rgb);
    }
    jpeg_finish_decompress(&info_);  // reads up to the end marker, so that a missing end is seen
  }

  ErrorTrap trap_;
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct info_{};
};

}  // namespace

Decoded decode_jpeg(Bytes bytes, const DecodeOptions& options) {
  JpegReader reader;
  reader.read_header(bytes, options.max_pixels);
  if (options.shortest_side > 0) reader.shrink(options.shortest_side);
  const int orientation = reader.orientation();
  return {reader.read_pixels(), orientation};
}

}  // namespace pool3::image
