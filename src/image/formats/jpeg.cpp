#include <algorithm>
#include <array>
#include <cstdio>
// jpeglib.h needs <cstdio> before it
#include <jpeglib.h>
// jerror.h needs jpeglib.h before it
#include <jerror.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "image/canvas.hpp"
#include "image/exif.hpp"
#include "image/formats/decoders.hpp"
#include "image/formats/error_trap.hpp"
#include "image/pixels.hpp"

namespace pool3::image {
namespace {

constexpr int marker_app1 = JPEG_APP0 + 1;
/// Progressive files of real encoders have about ten scans. Each costs a pass over the picture, so that a small
/// file with very many would hold a rank for hours.
constexpr int max_scans = 100;

/// What the library's callbacks know.
struct State {
  ErrorTrap trap;
  Bytes bytes;
  bool scanning = false;  ///< the header is read, up to the first scan's data
};

State& state_of(j_common_ptr info) { return *static_cast<State*>(info->client_data); }
ErrorTrap& trap_of(j_common_ptr info) { return state_of(info).trap; }

/// Words for a sound file of a kind that is not read; null for other errors.
const char* words_of_kind(const jpeg_error_mgr& error) {
  constexpr std::array<int, 4> of_lossless = {0xC3, 0xC7, 0xCB, 0xCF};
  switch (error.msg_code) {
    case JERR_BAD_PRECISION:
      return "JPEG: samples of more than 8 bits are not read";
    case JERR_SOF_UNSUPPORTED:
      return std::ranges::find(of_lossless, error.msg_parm.i[0]) != of_lossless.end()
                 ? "JPEG: its lossless kind is not read"
                 : "JPEG: its hierarchical kind is not read";
    case JERR_ARITH_NOTIMPL:
      return "JPEG: arithmetic coding is not read by this machine's library";
    case JERR_CONVERSION_NOTIMPL:
      return "JPEG: these kinds of colours are not read";
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
      return "JPEG: a kind of it that is not read";
    default:
      return nullptr;
  }
}

[[noreturn]] void spring_with_message(j_common_ptr info) {
  if (const char* words = words_of_kind(*info->err)) {
    trap_of(info).status = RowStatus::unknown_format;
    trap_of(info).spring(words);
  }
  std::array<char, JMSG_LENGTH_MAX> text{};
  info->err->format_message(info, text.data());
  trap_of(info).spring(text.data());
}

/// True if these bytes are a segment with its length whose marker is damaged. It may have held tables, the kind of
/// colours or the orientation. One of four bytes, marker and length, held nothing.
bool is_lost_segment(Bytes stray) {
  if (stray.size() <= 4) return false;
  const auto at = [&](std::size_t i) { return std::to_integer<std::size_t>(stray[i]); };
  return at(2) * 256 + at(3) + 2 == stray.size();
}

/// True if the bytes end in zeros that fill up a scan: `skipped` of them, and no more than the decoder reads ahead. If
/// it had taken others for data, the data would be missing.
bool ends_in_filler(Bytes bytes, std::size_t skipped) {
  constexpr std::size_t most_read_ahead = 16;
  const auto last = std::find_if(bytes.rbegin(), bytes.rend(), [](std::byte b) { return b != std::byte{0}; });
  auto zeros = static_cast<std::size_t>(last - bytes.rbegin());
  if (last != bytes.rend() && *last == std::byte{0xFF} && zeros > 0) --zeros;  // FF 00 is a byte of data
  return zeros >= skipped && zeros <= skipped + most_read_ahead;
}

/// Bytes between segments. In the header they touch no pixel, as long as no segment is lost. Behind a scan they are
/// data that nothing has asked for, so the scan is damaged; zeros alone are filler, which some cameras and editors
/// leave.
bool are_harmless(j_decompress_ptr info) {
  const State& state = state_of(reinterpret_cast<j_common_ptr>(info));
  const Bytes read = state.bytes.first(state.bytes.size() - info->src->bytes_in_buffer);  // up to the next marker
  const auto stray = static_cast<std::size_t>(info->err->msg_parm.i[0]);
  if (state.scanning) return ends_in_filler(read, stray);
  return stray <= read.size() && !is_lost_segment(read.last(stray));
}

/// Warnings that say nothing against the pixels.
bool is_harmless(j_common_ptr info) {
  switch (info->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
    case JWRN_BOGUS_ICC:
      return true;
    case JWRN_EXTRANEOUS_DATA:
      return are_harmless(reinterpret_cast<j_decompress_ptr>(info));
    default:
      return false;
  }
}

/// The library continues after damage and fills what is missing with grey. A picture that is grey in part gives
/// features that look right and are wrong. So here a warning of corrupt or missing data is an error.
void on_message(j_common_ptr info, int level) {
  if (level < 0 && !is_harmless(info)) spring_with_message(info);
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
    info_.client_data = &state_;
    guarded(state_.trap, [this] { jpeg_create_decompress(&info_); });  // all else has the destructor behind it
    progress_.progress_monitor = on_progress;
    info_.progress = &progress_;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  /// `bytes` must outlive the reader.
  void read_header(Bytes bytes, std::int64_t max_pixels) {
    state_.bytes = bytes;
    guarded(state_.trap, [&] {
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_save_markers(&info_, marker_app1, 0xFFFF);
      jpeg_read_header(&info_, TRUE);
    });
    state_.scanning = true;
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

  /// APP1 is EXIF's and XMP's: the first block of each counts.
  [[nodiscard]] int orientation() const {
    return orientation_of(exif_orientation(app1("Exif")), xmp_orientation(app1("http://ns.adobe.com/xap/1.0/")));
  }

  [[nodiscard]] Image read_pixels() {
    const bool four = info_.num_components == 4;
    info_.out_color_space = four ? JCS_CMYK : JCS_RGB;
    guarded(state_.trap, [this] { jpeg_calc_output_dimensions(&info_); });
    Image picture = blank(info_.output_width, info_.output_height);
    std::vector<JSAMPLE> row(four ? std::size_t{info_.output_width} * 4 : 0);
    guarded(state_.trap, [&] { read_rows(picture, row.data(), four); });
    return picture;
  }

 private:
  /// The first APP1 block that begins so; empty if there is none.
  [[nodiscard]] Bytes app1(std::string_view begin) const {
    for (const jpeg_marker_struct* m = info_.marker_list; m != nullptr; m = m->next) {
      const bool fits = m->marker == marker_app1 && m->data_length > begin.size();
      if (fits && std::memcmp(m->data, begin.data(), begin.size()) == 0) {
        return {reinterpret_cast<const std::byte*>(m->data), m->data_length};
      }
    }
    return {};
  }

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

  State state_;
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
