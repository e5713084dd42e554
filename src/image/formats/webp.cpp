#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>
#include <string>
#include <vector>

#include "image/canvas.hpp"
#include "image/exif.hpp"
#include "image/formats/decoders.hpp"
#include "image/pixels.hpp"

namespace pool3::image {
namespace {

using Demuxer = std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)>;

[[noreturn]] void refuse(const std::string& message) { throw ImageError(RowStatus::corrupt, message); }

const char* words_of(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      return "WebP: not enough memory";
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return "WebP: the file ends too early";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "WebP: unsupported feature";
    default:
      return "WebP: the data are damaged";
  }
}

/// The first frame: of an animation, or the picture itself.
class FirstFrame {
 public:
  explicit FirstFrame(const WebPDemuxer* demuxer) {
    if (WebPDemuxGetFrame(demuxer, 1, &frame_) == 0) refuse("WebP: no picture in the file");
  }
  ~FirstFrame() { WebPDemuxReleaseIterator(&frame_); }
  FirstFrame(const FirstFrame&) = delete;
  FirstFrame& operator=(const FirstFrame&) = delete;

  /// Lays the frame over the canvas, which is white.
  void paint(Image& canvas) const {
    check(canvas);
    const bool alpha = frame_.has_alpha != 0;
    const std::int64_t start = (std::int64_t{frame_.y_offset} * canvas.width + frame_.x_offset) * 3;
    if (!alpha) return decode(MODE_RGB, canvas.pixels.data() + start, canvas.width * 3, canvas.pixels.size() - start);
    const std::int64_t stride = std::int64_t{frame_.width} * 4;
    std::vector<std::uint8_t> rgba(static_cast<std::size_t>(stride * frame_.height));
    decode(MODE_RGBA, rgba.data(), stride, rgba.size());
    for (std::int64_t y = 0; y < frame_.height; ++y) {
      blend_over_white(rgba.data() + y * stride, frame_.width, canvas.pixels.data() + start + y * canvas.width * 3);
    }
  }

 private:
  void check(const Image& canvas) const {
    int width = 0;
    int height = 0;
    if (WebPGetInfo(frame_.fragment.bytes, frame_.fragment.size, &width, &height) == 0) refuse("WebP: damaged header");
    const bool fits = frame_.x_offset >= 0 && frame_.y_offset >= 0 && frame_.x_offset <= canvas.width - width &&
                      frame_.y_offset <= canvas.height - height;
    if (!fits || width != frame_.width || height != frame_.height) refuse("WebP: the sizes in the file disagree");
  }

  void decode(WEBP_CSP_MODE mode, std::uint8_t* out, std::int64_t stride, std::size_t size) const {
    WebPDecoderConfig config;
    if (WebPInitDecoderConfig(&config) == 0) refuse("WebP: another version of the library is installed");
    config.output.colorspace = mode;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = {.rgba = out, .stride = static_cast<int>(stride), .size = size};
    const VP8StatusCode status = WebPDecode(frame_.fragment.bytes, frame_.fragment.size, &config);
    WebPFreeDecBuffer(&config.output);
    if (status != VP8_STATUS_OK) refuse(words_of(status));
  }

  WebPIterator frame_{};
};

/// What `find` finds in the first chunk of this name; 0 if there is none.
template <typename Find>
int orientation_in(const WebPDemuxer* demuxer, const char* name, const Find& find) {
  WebPChunkIterator chunk{};
  if (WebPDemuxGetChunk(demuxer, name, 1, &chunk) == 0) return 0;
  const int orientation = find(std::as_bytes(std::span(chunk.chunk.bytes, chunk.chunk.size)));
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

}  // namespace

Decoded decode_webp(Bytes bytes, const DecodeOptions& options) {
  const WebPData data{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  const Demuxer demuxer(WebPDemux(&data), WebPDemuxDelete);
  if (demuxer == nullptr) refuse("WebP: the file is cut short or damaged");
  const std::int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const std::int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  check_pixel_limit(width, height, options.max_pixels);
  const FirstFrame frame(demuxer.get());
  Image canvas = white(width, height);
  frame.paint(canvas);
  return {std::move(canvas), orientation_of(orientation_in(demuxer.get(), "EXIF", exif_orientation),
                                            orientation_in(demuxer.get(), "XMP ", xmp_orientation))};
}

}  // namespace pool3::image
