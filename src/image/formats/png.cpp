#include <png.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "image/canvas.hpp"
#include "image/exif.hpp"
#include "image/formats/decoders.hpp"
#include "image/formats/error_trap.hpp"
#include "image/formats/png/orientation_text.hpp"
#include "image/pixels.hpp"

namespace pool3::image {
namespace {

/// No real chunk of the kinds that are kept (palette, transparency, EXIF) is larger.
constexpr png_alloc_size_t max_chunk_bytes = 1 << 20;

struct Source {
  Bytes rest;
};

void on_read(png_structp png, png_bytep out, std::size_t size) {
  auto& source = *static_cast<Source*>(png_get_io_ptr(png));
  if (size > source.rest.size()) png_error(png, "the file ends too early");
  std::memcpy(out, source.rest.data(), size);
  source.rest = source.rest.subspan(size);
}

/// What libpng may take at a time. A chunk's header may claim gigabytes that the file does not have, and
/// png_set_chunk_malloc_max() only leads to a warning.
using MemoryLimit = png_alloc_size_t;

void* on_malloc(png_structp png, png_alloc_size_t size) {
  return size <= *static_cast<MemoryLimit*>(png_get_mem_ptr(png)) ? std::malloc(size) : nullptr;  // NOLINT(*-malloc)
}

void on_free(png_structp /*png*/, void* memory) { std::free(memory); }  // NOLINT(*-malloc)

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
  static_cast<ErrorTrap*>(png_get_error_ptr(png))->spring(text);
}

/// libpng warns of damage in ancillary chunks alone; all else is an error.
void on_warning(png_structp /*png*/, png_const_charp /*text*/) {}

class PngReader {
 public:
  explicit PngReader(Bytes bytes) : source_{bytes}, memory_limit_(bytes.size() + slack_bytes) {
    guarded(trap_, [this] { create(); });
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  void read_header(std::int64_t max_pixels) {
    guarded(trap_, [this] { png_read_info(png_, info_); });
    check_pixel_limit(png_get_image_width(png_, info_), png_get_image_height(png_, info_), max_pixels);
    memory_limit_ += png_alloc_size_t{png_get_image_width(png_, info_)} * 8;  // a row
  }

  [[nodiscard]] Image read_pixels() {
    guarded(trap_, [this] { ask_for_8_bit_rgb(); });
    Image picture = blank(png_get_image_width(png_, info_), png_get_image_height(png_, info_));
    const bool alpha = png_get_channels(png_, info_) == 4;
    // An interlaced picture comes in passes, so that its alpha must be held until the last.
    const std::int64_t rows = passes_ > 1 ? picture.height : 1;
    std::vector<std::uint8_t> rgba(alpha ? static_cast<std::size_t>(picture.width * 4 * rows) : 0);
    guarded(trap_, [&] {
      read_rows(picture, alpha ? rgba.data() : nullptr);
      png_read_end(png_, info_);  // checks what follows the pixels
    });
    return picture;
  }

  /// After read_pixels(): the EXIF chunk may come last. 0 if there is none.
  [[nodiscard]] int orientation() {
    png_uint_32 size = 0;
    png_bytep block = nullptr;
    if (png_get_eXIf_1(png_, info_, &size, &block) == 0) return 0;
    return exif_orientation({reinterpret_cast<const std::byte*>(block), size});
  }

 private:
  void create() {
    png_ = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &trap_, on_error, on_warning, &memory_limit_, on_malloc,
                                    on_free);
    if (png_ == nullptr) return;
    png_set_read_fn(png_, &source_, on_read);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // check_pixel_limit() gives the better message
    png_set_chunk_malloc_max(png_, max_chunk_bytes);
    png_set_option(png_, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);  // some writers state it too small
    // Text, profiles and gamma are skipped unread; of the rest only EXIF matters. (An orientation in a text:
    // png/orientation_text.hpp)
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_AS_DEFAULT, reinterpret_cast<png_const_bytep>("eXIf"), 1);
    info_ = png_create_info_struct(png_);
  }

  void ask_for_8_bit_rgb() {
    png_set_scale_16(png_);  // rounds exactly
    png_set_expand(png_);    // palette to RGB, few bits to 8, tRNS to alpha
    png_set_gray_to_rgb(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
  }

  /// `rgba` is the alpha buffer, of one row or (interlaced) of all; null where the picture has no alpha.
  void read_rows(Image& picture, std::uint8_t* rgba) {
    const std::int64_t rgba_step = passes_ > 1 ? picture.width * 4 : 0;
    for (int pass = 0; pass < passes_; ++pass) {
      for (std::int64_t y = 0; y < picture.height; ++y) {
        std::uint8_t* rgb = picture.pixels.data() + y * picture.width * 3;
        std::uint8_t* row = rgba == nullptr ? rgb : rgba + y * rgba_step;
        png_read_row(png_, row, nullptr);
        if (rgba != nullptr && pass == passes_ - 1) blend_over_white(row, picture.width, rgb);
      }
    }
  }

  static constexpr MemoryLimit slack_bytes = 1 << 20;  // for libpng's and zlib's own state

  ErrorTrap trap_;
  Source source_;
  MemoryLimit memory_limit_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
};

}  // namespace

Decoded decode_png(Bytes bytes, const DecodeOptions& options) {
  PngReader reader(bytes);
  reader.read_header(options.max_pixels);
  Image picture = reader.read_pixels();
  const int exif = options.apply_orientation ? reader.orientation() : 1;
  return {std::move(picture), exif != 0 ? exif : png_text_orientation(bytes)};
}

}  // namespace pool3::image
