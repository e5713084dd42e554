#include "image/formats/tiff/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <new>
#include <string_view>

#include "image/canvas.hpp"
#include "image/exif.hpp"
#include "pool3/error.hpp"

namespace pool3::image {
namespace {

/// With real files, the library never takes a larger piece of memory: strips are read line by line.
constexpr tmsize_t max_piece_bytes = tmsize_t{1} << 28;
constexpr int max_samples = 16;

int no_close(thandle_t /*self*/) { return 0; }
tmsize_t no_write(thandle_t /*self*/, void* /*bytes*/, tmsize_t /*size*/) { return 0; }
void no_unmap(thandle_t /*self*/, void* /*base*/, toff_t /*size*/) {}

[[noreturn]] void refuse_kind(const std::string& what) {
  throw ImageError(RowStatus::unknown_format, fmt::format("TIFF: {} is not read", what));
}

int colours_of(int photometric) {
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_PALETTE:
      return 1;
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
      return 3;
    case PHOTOMETRIC_SEPARATED:
      return 4;
    default:
      return 0;
  }
}

bool is_known(int photometric) {
  return colours_of(photometric) > 0 || photometric == PHOTOMETRIC_YCBCR || photometric == PHOTOMETRIC_LOGL ||
         photometric == PHOTOMETRIC_LOGLUV;
}

/// Cameras' raw pictures (DNG, NEF, ARW ...) are TIFF too, and their first picture is a small preview.
void refuse_raw(const TiffFile& file) {
  std::uint16_t count = 0;
  const void* value = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_DNGVERSION, &value) != 0) refuse_kind("a camera's raw picture (DNG)");
  const bool preview = (file.field<std::uint32_t>(TIFFTAG_SUBFILETYPE) & FILETYPE_REDUCEDIMAGE) != 0;
  if (preview && TIFFGetField(file.get(), TIFFTAG_SUBIFD, &count, &value) != 0)
    refuse_kind("a camera's raw picture, with a preview in front,");
}

/// Panorama programs write alpha without saying so: one sample too many, and no ExtraSamples. Pillow and ImageMagick
/// take it for alpha that is not premultiplied. A sample that the file calls unspecified is none, as in Pillow.
void find_alpha(const TiffFile& file, TiffLayout& layout) {
  if (layout.samples <= layout.colours) return;
  std::uint16_t count = 0;
  std::uint16_t* kinds = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_EXTRASAMPLES, &count, &kinds) == 0) {
    layout.alpha_is_a_guess = layout.colours > 0 && layout.samples == layout.colours + 1;
    layout.alpha = layout.alpha_is_a_guess ? EXTRASAMPLE_UNASSALPHA : 0;
  } else if (count > 0 && (kinds[0] == EXTRASAMPLE_ASSOCALPHA || kinds[0] == EXTRASAMPLE_UNASSALPHA)) {
    layout.alpha = kinds[0];
  }
}

/// The orientation, 1..8. An XMP packet counts where the directory says nothing.
int find_orientation(const TiffFile& file) {
  std::uint16_t own = 0;
  if (TIFFGetField(file.get(), TIFFTAG_ORIENTATION, &own) != 0) return orientation_of(own <= 8 ? own : 1, 0);
  std::uint32_t size = 0;
  const std::byte* packet = nullptr;
  if (TIFFGetField(file.get(), TIFFTAG_XMLPACKET, &size, &packet) == 0) return 1;
  return orientation_of(0, xmp_orientation({packet, size}));
}

void check_samples(const TiffFile& file, const TiffLayout& layout) {
  const std::array depths = {1, 2, 4, 8, 16};
  const bool palette = layout.photometric == PHOTOMETRIC_PALETTE;
  if (std::ranges::find(depths, layout.bits) == depths.end() || (palette && layout.bits > 8) ||
      (layout.is_lab() && layout.bits < 8)) {
    refuse_kind(fmt::format("a sample of {} bits", layout.bits));
  }
  const auto format = file.field<std::uint16_t>(TIFFTAG_SAMPLEFORMAT);
  const bool counts = format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID ||
                      (layout.is_lab() && format == SAMPLEFORMAT_INT);  // of Lab, two samples are signed
  if (!counts) refuse_kind("a signed or floating-point sample");
  if (layout.samples < layout.colours || layout.samples > max_samples) {
    refuse_kind(fmt::format("a pixel of {} samples", layout.samples));
  }
  if (layout.photometric == PHOTOMETRIC_SEPARATED && file.field<std::uint16_t>(TIFFTAG_INKSET) != INKSET_CMYK) {
    refuse_kind("a set of inks that is not CMYK");
  }
}

}  // namespace

TiffFile::TiffFile(Bytes bytes) : bytes_(bytes) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  if (options == nullptr) throw std::bad_alloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, max_piece_bytes);
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, this);
  tiff_ = TIFFClientOpenExt("", "r", this, on_read, no_write, on_seek, no_close, on_size, on_map, no_unmap, options);
  TIFFOpenOptionsFree(options);
  if (tiff_ == nullptr) check(true, "damaged header");
}

TiffFile::~TiffFile() { TIFFClose(tiff_); }

void TiffFile::check(bool failed, const char* otherwise) const {
  const std::string_view said = message_.data();
  if (!failed && said.empty()) return;
  throw ImageError(RowStatus::corrupt, "TIFF: " + one_line(std::string(said.empty() ? otherwise : said)));
}

tmsize_t TiffFile::on_read(thandle_t self, void* out, tmsize_t size) {
  auto& file = *static_cast<TiffFile*>(self);
  const std::size_t left = file.bytes_.size() - std::min(file.position_, file.bytes_.size());
  const std::size_t given = std::min(left, static_cast<std::size_t>(std::max<tmsize_t>(size, 0)));
  std::copy_n(file.bytes_.data() + file.position_, given, static_cast<std::byte*>(out));
  file.position_ += given;
  return static_cast<tmsize_t>(given);
}

toff_t TiffFile::on_seek(thandle_t self, toff_t offset, int whence) {
  auto& file = *static_cast<TiffFile*>(self);
  if (whence == SEEK_CUR) offset += file.position_;
  if (whence == SEEK_END) offset += file.bytes_.size();
  file.position_ = std::min<toff_t>(offset, file.bytes_.size());
  return offset;
}

toff_t TiffFile::on_size(thandle_t self) { return static_cast<const TiffFile*>(self)->bytes_.size(); }

int TiffFile::on_map(thandle_t self, void** base, toff_t* size) {
  const auto& file = *static_cast<TiffFile*>(self);
  *base = const_cast<std::byte*>(file.bytes_.data());  // NOLINT(*-const-cast): the library only reads it
  *size = file.bytes_.size();
  return 1;
}

int TiffFile::on_error(TIFF* /*tiff*/, void* self, const char* /*module*/, const char* format, va_list arguments) {
  static_cast<TiffFile*>(self)->keep(format, arguments);
  return 1;
}

int TiffFile::on_warning(TIFF* /*tiff*/, void* self, const char* /*module*/, const char* format, va_list arguments) {
  auto& file = *static_cast<TiffFile*>(self);
  // This one is no damage: the library reads LZW as it was before TIFF 6 bit for bit.
  const bool is_old_lzw = std::string_view(format).starts_with("Old-style LZW codes");
  if (file.strict_ && !is_old_lzw) file.keep(format, arguments);
  return 1;
}

void TiffFile::keep(const char* format, va_list arguments) {
  if (message_[0] == '\0') static_cast<void>(std::vsnprintf(message_.data(), message_.size(), format, arguments));
}

TiffLayout read_tiff_layout(const TiffFile& file, std::int64_t max_pixels) {
  refuse_raw(file);
  TiffLayout layout;
  layout.width = file.field<std::uint32_t>(TIFFTAG_IMAGEWIDTH);
  layout.height = file.field<std::uint32_t>(TIFFTAG_IMAGELENGTH);
  check_pixel_limit(layout.width, layout.height, max_pixels);
  layout.bits = file.field<std::uint16_t>(TIFFTAG_BITSPERSAMPLE);
  layout.samples = file.field<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL);
  std::uint16_t photometric = 0;
  if (TIFFGetField(file.get(), TIFFTAG_PHOTOMETRIC, &photometric) == 0)
    file.check(true, "no photometric interpretation");
  layout.photometric = photometric;
  const int compression = file.field<std::uint16_t>(TIFFTAG_COMPRESSION);
  if (compression == COMPRESSION_OJPEG) refuse_kind("the old form of JPEG in TIFF");
  if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression)) == 0) {
    refuse_kind(fmt::format("compression {}", compression));
  }
  if (!is_known(photometric)) refuse_kind(fmt::format("photometric interpretation {}", photometric));
  layout.planes = file.field<std::uint16_t>(TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE && layout.samples > 1;
  layout.tiled = TIFFIsTiled(file.get()) != 0;
  if (photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG && !layout.planes) {
    file.check(TIFFSetField(file.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB) == 0, "damaged header");
    layout.photometric = PHOTOMETRIC_RGB;
  }
  layout.colours = colours_of(layout.photometric);
  find_alpha(file, layout);
  if (layout.colours > 0) check_samples(file, layout);
  layout.orientation = find_orientation(file);
  return layout;
}

}  // namespace pool3::image
