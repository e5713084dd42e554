#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "image/canvas.hpp"
#include "image/formats/decoders.hpp"

namespace pool3::image {
namespace {

int on_read(GifFileType* gif, GifByteType* out, int size) {
  auto& rest = *static_cast<Bytes*>(gif->UserData);
  const std::size_t given = std::min(rest.size(), static_cast<std::size_t>(std::max(size, 0)));
  std::copy_n(rest.begin(), given, reinterpret_cast<std::byte*>(out));
  rest = rest.subspan(given);
  return static_cast<int>(given);
}

[[noreturn]] void refuse(const std::string& message) { throw ImageError(RowStatus::corrupt, "GIF: " + message); }

/// Reads up to the end of the first frame; the rest of an animation is left alone.
class GifReader {
 public:
  explicit GifReader(Bytes bytes) : rest_(bytes) {
    int error = 0;
    gif_ = DGifOpen(&rest_, on_read, &error);
    if (gif_ == nullptr) refuse(words_of(error));
  }
  ~GifReader() { DGifCloseFile(gif_, nullptr); }
  GifReader(const GifReader&) = delete;
  GifReader& operator=(const GifReader&) = delete;

  [[nodiscard]] Image read(std::int64_t max_pixels) {
    find_frame();
    const GifImageDesc& frame = gif_->Image;
    if (frame.Width <= 0 || frame.Height <= 0) refuse("the first frame has no pixels");
    // A frame that hangs over the edge makes the canvas larger, as in Pillow and browsers.
    const std::int64_t width = std::max<std::int64_t>(gif_->SWidth, std::int64_t{frame.Left} + frame.Width);
    const std::int64_t height = std::max<std::int64_t>(gif_->SHeight, std::int64_t{frame.Top} + frame.Height);
    check_pixel_limit(width, height, max_pixels);
    palette_ = frame.ColorMap != nullptr ? frame.ColorMap : gif_->SColorMap;
    if (palette_ == nullptr) refuse("no palette");
    Image canvas = white(width, height);
    paint(canvas);
    return canvas;
  }

 private:
  static std::string words_of(int error) {
    const char* words = GifErrorString(error);
    return words == nullptr ? "damaged" : words;
  }

  void check(int result) const {
    if (result == GIF_ERROR) refuse(words_of(gif_->Error));
  }

  void find_frame() {
    for (;;) {
      // Some writers close a block twice. Browsers and Pillow pass over that.
      while (!rest_.empty() && rest_.front() == std::byte{0}) rest_ = rest_.subspan(1);
      GifRecordType type = UNDEFINED_RECORD_TYPE;
      check(DGifGetRecordType(gif_, &type));
      if (type == TERMINATE_RECORD_TYPE) refuse("no picture in the file");
      if (type == EXTENSION_RECORD_TYPE) read_extension();
      if (type == IMAGE_DESC_RECORD_TYPE) return check(DGifGetImageDesc(gif_));
    }
  }

  /// Keeps the transparent colour, if this extension names one.
  void read_extension() {
    int code = 0;
    GifByteType* block = nullptr;
    check(DGifGetExtension(gif_, &code, &block));
    for (bool first = true; block != nullptr; first = false) {
      GraphicsControlBlock control{};
      if (first && code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        transparent_ = control.TransparentColor;
      }
      check(DGifGetExtensionNext(gif_, &block));
    }
  }

  void paint(Image& canvas) {
    const GifImageDesc& frame = gif_->Image;
    std::vector<GifPixelType> row(static_cast<std::size_t>(frame.Width));
    const auto paint_rows = [&](int first, int step) {
      for (int y = first; y < frame.Height; y += step) {
        check(DGifGetLine(gif_, row.data(), frame.Width));
        const std::int64_t start = std::int64_t{frame.Top + y} * canvas.width + frame.Left;
        paint_row(row, canvas.pixels.data() + start * 3);
      }
    };
    if (!frame.Interlace) return paint_rows(0, 1);
    constexpr std::array<std::pair<int, int>, 4> passes = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
    for (const auto& [first, step] : passes) paint_rows(first, step);
  }

  void paint_row(const std::vector<GifPixelType>& row, std::uint8_t* rgb) const {
    for (const int index : row) {
      if (index != transparent_) {
        if (index >= palette_->ColorCount) refuse("a colour that the palette does not have");
        const GifColorType& colour = palette_->Colors[index];
        rgb[0] = colour.Red;
        rgb[1] = colour.Green;
        rgb[2] = colour.Blue;
      }
      rgb += 3;
    }
  }

  Bytes rest_;
  GifFileType* gif_ = nullptr;
  const ColorMapObject* palette_ = nullptr;
  int transparent_ = NO_TRANSPARENT_COLOR;
};

}  // namespace

Decoded decode_gif(Bytes bytes, const DecodeOptions& options) { return {GifReader(bytes).read(options.max_pixels)}; }

}  // namespace pool3::image
