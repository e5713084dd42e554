#pragma once
// From the bytes of a picture file to the network's input. No MPI, no files.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "pool3/types.hpp"

namespace pool3 {

/// 8-bit RGB picture, row-major, interleaved: pixels[(y * width + x) * 3 + channel].
struct Image {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> pixels;
};

/// 8-bit grey picture, row-major.
struct GreyImage {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> pixels;
};

struct DecodeOptions {
  /// Pictures with more pixels are refused before memory is taken.
  std::int64_t max_pixels = default_max_pixels;
  /// Turn the picture as its orientation says.
  bool apply_orientation = true;
  /// Above 0: a JPEG may come at 1/2, 1/4 or 1/8 of its size, as long as its shorter side keeps this many pixels.
  std::int64_t shortest_side = 0;
};

/// No file of a picture that decode() takes is larger: 8 bytes a pixel (16 bits, four channels) and 64 MiB. With more
/// pixels than usual, no more than there is memory. (PNM as text can be larger, and is refused then.)
[[nodiscard]] std::int64_t largest_file(const DecodeOptions& options);

/// A picture that can't be used: a row with a status, not the end of the job. `what()` is one line without the path.
class ImageError : public std::runtime_error {
 public:
  ImageError(RowStatus status, const std::string& message) : std::runtime_error(message), status_(status) {}
  [[nodiscard]] RowStatus status() const { return status_; }

 private:
  RowStatus status_;
};

/// XXH3-128 of a file's bytes.
[[nodiscard]] ImageKey content_key(std::span<const std::byte> bytes);

/// Decodes a picture, recognised by content: JPEG (baseline, progressive, grey, CMYK, YCCK), PNG (1-16 bit, palette,
/// grey, interlaced), WebP, GIF, BMP (1-32 bit, masks, runs), TIFF (1-16 bit, grey, palette, RGB, CMYK, YCbCr, Lab;
/// strips, tiles, planes), PNM (P1 to P6, of any largest value), ICO, TGA. Of an animation or of several pages, the
/// first is taken, of an ICO the largest. Alpha is laid over white, samples become 8 bits rounded to the nearest, and
/// the orientation of TIFF, EXIF or (where they have none) XMP is applied.
/// Alpha that is zero all over counts for none in BMP, ICO and TGA, and in TIFF where the file does not call it alpha.
/// Throws ImageError: empty, unknown_format, corrupt (truncated too), too_large. Thread-safe. Takes 3 to 11 bytes a
/// pixel beside the file, by measurement: 3 for the picture, and 3 to turn it or what the codec holds (most for
/// progressive JPEG and for WebP).
[[nodiscard]] Image decode(std::span<const std::byte> bytes, const DecodeOptions& options = {});

/// Throws what decode() would throw for a file that begins with these bytes, the first 64 or all: empty,
/// unknown_format.
void check_head(std::span<const std::byte> head);

/// Gives back the memory of a picture, for this thread's next decode().
void recycle(Image picture);

/// How a picture becomes network input; belongs to the weights.
enum class InputProfile : std::uint8_t {
  nsfwjs,  ///< x / 255, then bilinear squash to 299 x 299 with align_corners = true
  tf2015,  ///< bilinear squash without half-pixel centres or antialias, then (x - 128) / 128
  keras,   ///< Pillow's BILINEAR squash, then x / 127.5 - 1
  /// Pillow's BILINEAR, the shorter side to 342, centre crop; then ImageNet's mean and std, then `transform_input`
  torchvision,
};
[[nodiscard]] std::string_view to_string(InputProfile profile);
/// Throws std::invalid_argument for a name that is not known.
[[nodiscard]] InputProfile parse_input_profile(std::string_view name);

/// The length that to_input() gives a picture's shorter side: 299, or 342 for torchvision.
[[nodiscard]] std::int64_t resized_side(InputProfile profile);

/// Resizes and normalises. `out` receives 299 x 299 x 3 floats, NHWC. REQUIRES: out.size() == input_floats,
/// image is not empty. Thread-safe.
void to_input(const Image& image, InputProfile profile, std::span<float> out);

/// The bytes of a PNG file. REQUIRES: the picture is not empty, and `pixels` fits its size. Throws
/// std::runtime_error with libpng's words.
[[nodiscard]] std::string encode_png(const GreyImage& picture);
[[nodiscard]] std::string encode_png(const Image& picture);
/// The bytes of a JPEG file, `quality` from 1 to 100. REQUIRES: as encode_png(). Throws ImageError with libjpeg's
/// words.
[[nodiscard]] std::string encode_jpeg(const Image& picture, int quality);

/// Pixels along one side of a picture that a pixel of a smaller one covers.
struct Cover {
  std::int64_t first = 0;
  std::vector<double> shares;  ///< how much of the smaller pixel each is: sum 1
};
/// [to] Those of each pixel. REQUIRES: 1 <= to. If `to` is above `from`, pixels are parts of one.
[[nodiscard]] std::vector<Cover> covers(std::int64_t from, std::int64_t to);

/// The picture in its proportions with at most `side` pixels a side, each the mean of the area that it covers. One that
/// fits stays as it is. REQUIRES: the picture is not empty, side >= 1. Thread-safe.
[[nodiscard]] Image thumbnail(const Image& picture, std::int64_t side);

}  // namespace pool3
