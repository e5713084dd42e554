#pragma once
// A TIFF file in memory: opening it, its errors, and what its first directory says. Private to the room.

#include <tiffio.h>

#include <array>
#include <cstdarg>
#include <cstdint>

#include "image/formats/decoders.hpp"

namespace pool3::image {

/// Holds the library's handle. Not to be moved: the library keeps its address.
class TiffFile {
 public:
  /// Throws ImageError (corrupt).
  explicit TiffFile(Bytes bytes);
  ~TiffFile();
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  [[nodiscard]] TIFF* get() const { return tiff_; }

  /// The library continues after some kinds of damage, with a warning. From this call on, a warning is kept as an
  /// error.
  void expect_pixels() { strict_ = true; }
  /// Throws ImageError (corrupt) with the library's words if it has said any, or `otherwise` if `failed`.
  void check(bool failed, const char* otherwise) const;

  /// A number of the directory; its default if the file has none.
  template <typename T>
  [[nodiscard]] T field(std::uint32_t tag) const {
    T value{};
    if (TIFFGetFieldDefaulted(tiff_, tag, &value) == 0) return T{};
    return value;
  }

 private:
  static tmsize_t on_read(thandle_t self, void* out, tmsize_t size);
  static toff_t on_seek(thandle_t self, toff_t offset, int whence);
  static toff_t on_size(thandle_t self);
  static int on_map(thandle_t self, void** base, toff_t* size);
  static int on_error(TIFF* tiff, void* self, const char* module, const char* format, va_list arguments);
  static int on_warning(TIFF* tiff, void* self, const char* module, const char* format, va_list arguments);
  void keep(const char* format, va_list arguments);

  Bytes bytes_;
  std::size_t position_ = 0;
  bool strict_ = false;
  std::array<char, 200> message_{};  ///< the first, since others follow from it
  TIFF* tiff_ = nullptr;
};

/// The first picture of a file.
struct TiffLayout {
  std::uint32_t width = 0, height = 0;
  int bits = 0;     ///< of a sample
  int samples = 0;  ///< of a pixel
  int colours = 0;  ///< samples that are not extra ones; 0 where libtiff must convert the colours
  int photometric = 0;
  int alpha = 0;                  ///< EXTRASAMPLE_ASSOCALPHA, EXTRASAMPLE_UNASSALPHA or 0; of the first extra sample
  bool alpha_is_a_guess = false;  ///< a sample more than there are colours, of which the file says nothing
  bool planes = false;
  bool tiled = false;
  int orientation = 1;

  [[nodiscard]] bool is_lab() const { return photometric == PHOTOMETRIC_CIELAB || photometric == PHOTOMETRIC_ICCLAB; }
};

/// Asks for JPEG's colours as RGB, too. Throws ImageError (corrupt, too_large, unknown_format).
[[nodiscard]] TiffLayout read_tiff_layout(const TiffFile& file, std::int64_t max_pixels);

}  // namespace pool3::image
