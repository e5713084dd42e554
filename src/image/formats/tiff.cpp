#include <algorithm>
#include <utility>
#include <vector>

#include "image/canvas.hpp"
#include "image/formats/tiff/file.hpp"
#include "image/formats/tiff/lab.hpp"
#include "image/pixels.hpp"

namespace pool3::image {
namespace {

/// What one sample of a pixel does to its RGB. Samples come in their order, so that all colours are there before the
/// alpha, and the other inks before black.
enum class Role : std::uint8_t { grey, inverted_grey, index, channel, black, alpha, premultiplied_alpha, none };

Role role_of(const TiffLayout& layout, int sample) {
  if (sample == layout.colours && layout.alpha == EXTRASAMPLE_UNASSALPHA) return Role::alpha;
  if (sample == layout.colours && layout.alpha == EXTRASAMPLE_ASSOCALPHA) return Role::premultiplied_alpha;
  if (sample >= layout.colours) return Role::none;
  if (layout.photometric == PHOTOMETRIC_MINISWHITE) return Role::inverted_grey;
  if (layout.photometric == PHOTOMETRIC_MINISBLACK) return Role::grey;
  if (layout.photometric == PHOTOMETRIC_PALETTE) return Role::index;
  return sample == 3 ? Role::black : Role::channel;
}

/// Samples of any depth become bytes; those of fewer than 8 bits are spread over 0 to 255 if `scaled`. 16-bit ones come
/// in this machine's byte order.
void unpack(const std::uint8_t* packed, int bits, bool scaled, std::vector<std::uint8_t>& out) {
  if (bits == 16) {
    const auto* wide = reinterpret_cast<const std::uint16_t*>(packed);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>((wide[i] + 128) / 257);
    return;
  }
  const unsigned most = (1U << static_cast<unsigned>(bits)) - 1;
  const unsigned factor = scaled ? 255 / most : 1;
  const auto width = static_cast<std::size_t>(bits);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t bit = i * width;
    out[i] = static_cast<std::uint8_t>((packed[bit / 8] >> (8 - width - bit % 8) & most) * factor);
  }
}

struct Palette {
  const std::uint16_t* red = nullptr;
  const std::uint16_t* green = nullptr;
  const std::uint16_t* blue = nullptr;
  int shift = 8;  ///< 0 in files of writers that took 8-bit values for 16-bit ones

  void read(const TiffFile& file, int bits) {
    std::uint16_t* maps[3] = {};  // NOLINT(modernize-avoid-c-arrays)
    file.check(TIFFGetField(file.get(), TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2]) == 0, "no palette");
    red = maps[0];
    green = maps[1];
    blue = maps[2];
    const auto is_wide = [](std::uint16_t v) { return v > 255; };
    const auto size = std::size_t{1} << static_cast<unsigned>(bits);
    if (std::ranges::none_of(maps, [&](const std::uint16_t* m) { return std::any_of(m, m + size, is_wide); }))
      shift = 0;
  }
};

class TiffReader {
 public:
  TiffReader(Bytes bytes, std::int64_t max_pixels) : file_(bytes), layout_(read_tiff_layout(file_, max_pixels)) {}

  [[nodiscard]] Decoded read() {
    file_.expect_pixels();
    if (layout_.colours == 0) return {convert(), layout_.orientation};
    if (layout_.photometric == PHOTOMETRIC_PALETTE) palette_.read(file_, layout_.bits);
    picture_ = blank(layout_.width, layout_.height);
    if (layout_.is_lab()) lab_.resize(picture_.pixels.size());
    if (layout_.alpha_is_a_guess) alpha_.resize(picture_.pixels.size() / 3);
    const int planes = layout_.planes ? layout_.samples : 1;
    for (int plane = 0; plane < planes; ++plane) {
      if (layout_.planes && role_of(layout_, plane) == Role::none) continue;
      layout_.tiled ? read_tiles(plane) : read_lines(plane);
    }
    apply_guessed_alpha();
    return {std::move(picture_), layout_.orientation};
  }

 private:
  /// Bytes of `pixels` pixels of a plane, side by side.
  [[nodiscard]] std::int64_t packed_bytes(std::int64_t pixels) const {
    return (pixels * (layout_.planes ? 1 : layout_.samples) * layout_.bits + 7) / 8;
  }

  void read_lines(int plane) {
    const std::int64_t size = TIFFScanlineSize(file_.get());
    file_.check(size < packed_bytes(layout_.width), "the sizes in the file disagree");
    std::vector<std::uint8_t> line(static_cast<std::size_t>(size));
    for (std::uint32_t y = 0; y < layout_.height; ++y) {
      const int result = TIFFReadScanline(file_.get(), line.data(), y, static_cast<std::uint16_t>(plane));
      file_.check(result != 1, "damaged data");
      put_row(line.data(), plane, {0, y, layout_.width});
    }
  }

  void read_tiles(int plane) {
    const auto width = file_.field<std::uint32_t>(TIFFTAG_TILEWIDTH);
    const auto height = file_.field<std::uint32_t>(TIFFTAG_TILELENGTH);
    const std::int64_t row = TIFFTileRowSize(file_.get());
    const std::int64_t size = TIFFTileSize(file_.get());
    file_.check(width == 0 || height == 0 || row < packed_bytes(width) || size / row < height || size > max_tile_bytes,
                "the size of its tiles is wrong");
    std::vector<std::uint8_t> tile(static_cast<std::size_t>(size));
    for (std::uint64_t y = 0; y < layout_.height; y += height) {
      for (std::uint64_t x = 0; x < layout_.width; x += width) {
        const auto left = static_cast<std::uint32_t>(x);
        const auto top = static_cast<std::uint32_t>(y);
        const tmsize_t got = TIFFReadTile(file_.get(), tile.data(), left, top, 0, static_cast<std::uint16_t>(plane));
        file_.check(got < 0, "damaged data");
        const std::uint32_t rows = std::min(height, layout_.height - top);
        for (std::uint32_t i = 0; i < rows; ++i) {
          put_row(tile.data() + i * row, plane, {left, top + i, std::min(width, layout_.width - left)});
        }
      }
    }
  }

  struct Piece {
    std::int64_t x, y, width;
  };

  void put_row(const std::uint8_t* packed, int plane, const Piece& piece) {
    const int step = layout_.planes ? 1 : layout_.samples;
    values_.resize(static_cast<std::size_t>(piece.width * step));
    unpack(packed, layout_.bits, layout_.photometric != PHOTOMETRIC_PALETTE, values_);
    const std::int64_t pixel = piece.y * picture_.width + piece.x;
    std::uint8_t* rgb = picture_.pixels.data() + pixel * 3;
    for (int i = 0; i < step; ++i) {
      const int sample = plane + i;
      if (layout_.is_lab() && sample < 3) {
        put_lab(packed, sample, piece.width, lab_.data() + pixel * 3);
        if (sample == 2) lab_to_rgb(lab_.data() + pixel * 3, piece.width, rgb);
      } else if (layout_.alpha_is_a_guess && sample == layout_.colours) {
        for (std::int64_t x = 0; x < piece.width; ++x) {
          alpha_[static_cast<std::size_t>(pixel + x)] = values_[static_cast<std::size_t>(x * step + i)];
        }
      } else {
        put_sample(sample, values_.data() + i, step, rgb, piece.width);
      }
    }
  }

  void put_lab(const std::uint8_t* packed, int sample, std::int64_t width, std::uint16_t* lab) const {
    const int step = layout_.planes ? 1 : layout_.samples;
    const int at = layout_.planes ? 0 : sample;
    const auto* wide = reinterpret_cast<const std::uint16_t*>(packed);
    for (std::int64_t x = 0; x < width; ++x) {
      const std::int64_t i = x * step + at;
      lab[x * 3 + sample] = layout_.bits == 16 ? wide_lab(wide[i], sample, layout_.photometric)
                                               : wide_lab_of_byte(packed[i], sample, layout_.photometric);
    }
  }

  /// One that is zero all over was meant for no alpha.
  void apply_guessed_alpha() {
    if (std::ranges::all_of(alpha_, [](std::uint8_t a) { return a == 0; })) return;
    std::uint8_t* rgb = picture_.pixels.data();
    for (const std::uint8_t alpha : alpha_) {
      for (int c = 0; c < 3; ++c, ++rgb) *rgb = over_white(*rgb, alpha);
    }
  }

  void put_sample(int sample, const std::uint8_t* values, int step, std::uint8_t* rgb, std::int64_t width) const {
    const auto each = [&](auto set) {
      for (std::int64_t x = 0; x < width; ++x) set(rgb + x * 3, values[x * step]);
    };
    const auto each_channel = [&](auto map) {
      each([&](std::uint8_t* p, int value) {
        for (int c = 0; c < 3; ++c) p[c] = static_cast<std::uint8_t>(map(p[c], value));
      });
    };
    switch (role_of(layout_, sample)) {
      case Role::grey:
        return each_channel([](int, int value) { return value; });
      case Role::inverted_grey:
        return each_channel([](int, int value) { return 255 - value; });
      case Role::index:
        return each([&](std::uint8_t* p, int value) { put_colour(p, value); });
      case Role::channel:
        return each([&](std::uint8_t* p, int value) { p[sample] = static_cast<std::uint8_t>(value); });
      case Role::black:
        return each_channel([](int ink, int value) { return under_ink(ink, 255 - value); });
      case Role::alpha:
        return each_channel([](int value, int alpha) { return over_white(value, alpha); });
      case Role::premultiplied_alpha:
        return each_channel([](int colour, int value) { return std::min(colour + 255 - value, 255); });
      case Role::none:
        return;
    }
  }

  void put_colour(std::uint8_t* rgb, int index) const {
    rgb[0] = static_cast<std::uint8_t>(palette_.red[index] >> palette_.shift);
    rgb[1] = static_cast<std::uint8_t>(palette_.green[index] >> palette_.shift);
    rgb[2] = static_cast<std::uint8_t>(palette_.blue[index] >> palette_.shift);
  }

  /// YCbCr and LogLuv: libtiff's own conversion of the whole picture.
  [[nodiscard]] Image convert() {
    std::vector<std::uint32_t> raster(std::size_t{layout_.width} * layout_.height);
    const int result =
        TIFFReadRGBAImageOriented(file_.get(), layout_.width, layout_.height, raster.data(), layout_.orientation, 1);
    file_.check(result == 0, "damaged data");
    Image picture = blank(layout_.width, layout_.height);
    std::uint8_t* rgb = picture.pixels.data();
    for (const std::uint32_t pixel : raster) {
      const unsigned transparent = 255 - TIFFGetA(pixel);  // the colours are premultiplied
      *rgb++ = static_cast<std::uint8_t>(std::min(TIFFGetR(pixel) + transparent, 255U));
      *rgb++ = static_cast<std::uint8_t>(std::min(TIFFGetG(pixel) + transparent, 255U));
      *rgb++ = static_cast<std::uint8_t>(std::min(TIFFGetB(pixel) + transparent, 255U));
    }
    return picture;
  }

  static constexpr std::int64_t max_tile_bytes = std::int64_t{1} << 28;

  TiffFile file_;
  TiffLayout layout_;
  Palette palette_;
  Image picture_;
  std::vector<std::uint8_t> values_;
  std::vector<std::uint16_t> lab_;   ///< three a pixel, as lab_to_rgb() wants them; empty for other colours
  std::vector<std::uint8_t> alpha_;  ///< one a pixel, if it is a guess
};

}  // namespace

Decoded decode_tiff(Bytes bytes, const DecodeOptions& options) { return TiffReader(bytes, options.max_pixels).read(); }

}  // namespace pool3::image
