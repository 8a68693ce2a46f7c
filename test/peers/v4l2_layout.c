// Prints what a C compiler makes of <linux/videodev2.h>: sizes, offsets, request numbers, and structures with known values
// as bytes. gcc v4l2_layout.c -o v4l2_layout && ./v4l2_layout > v4l2-layout.json
#include <linux/videodev2.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *comma = "";

#define STRUCT(label, type) printf("%s\n  \"%s\": {\"size\": %zu, \"fields\": {", comma, label, sizeof(type)); comma = ""
#define FIELD(type, name, path) printf("%s\"%s\": [%zu, %zu]", comma, name, offsetof(type, path), sizeof(((type *)0)->path)); comma = ", "
#define DONE printf("}}"); comma = ","
#define REQUEST(name, number) printf("%s\n  \"%s\": %lu", comma, name, (unsigned long)(number) & 0xffffffffUL); comma = ","

static void bytes(const char *label, const void *what, size_t size) {
  printf("%s\n  \"%s\": \"", comma, label);
  for (size_t i = 0; i < size; i++) printf("%02x", ((const unsigned char *)what)[i]);
  printf("\"");
  comma = ",";
}

int main(void) {
  printf("{\"structs\": {");
  STRUCT("capability", struct v4l2_capability);
  FIELD(struct v4l2_capability, "driver", driver); FIELD(struct v4l2_capability, "card", card);
  FIELD(struct v4l2_capability, "bus_info", bus_info); FIELD(struct v4l2_capability, "version", version);
  FIELD(struct v4l2_capability, "capabilities", capabilities); FIELD(struct v4l2_capability, "device_caps", device_caps);
  DONE;
  STRUCT("fmtdesc", struct v4l2_fmtdesc);
  FIELD(struct v4l2_fmtdesc, "index", index); FIELD(struct v4l2_fmtdesc, "type", type);
  FIELD(struct v4l2_fmtdesc, "flags", flags); FIELD(struct v4l2_fmtdesc, "description", description);
  FIELD(struct v4l2_fmtdesc, "pixelformat", pixelformat);
  DONE;
  STRUCT("frmsizeenum", struct v4l2_frmsizeenum);
  FIELD(struct v4l2_frmsizeenum, "index", index); FIELD(struct v4l2_frmsizeenum, "pixel_format", pixel_format);
  FIELD(struct v4l2_frmsizeenum, "type", type);
  FIELD(struct v4l2_frmsizeenum, "width", discrete.width); FIELD(struct v4l2_frmsizeenum, "height", discrete.height);
  FIELD(struct v4l2_frmsizeenum, "min_width", stepwise.min_width); FIELD(struct v4l2_frmsizeenum, "max_width", stepwise.max_width);
  FIELD(struct v4l2_frmsizeenum, "step_width", stepwise.step_width); FIELD(struct v4l2_frmsizeenum, "min_height", stepwise.min_height);
  FIELD(struct v4l2_frmsizeenum, "max_height", stepwise.max_height); FIELD(struct v4l2_frmsizeenum, "step_height", stepwise.step_height);
  DONE;
  STRUCT("frmivalenum", struct v4l2_frmivalenum);
  FIELD(struct v4l2_frmivalenum, "index", index); FIELD(struct v4l2_frmivalenum, "pixel_format", pixel_format);
  FIELD(struct v4l2_frmivalenum, "width", width); FIELD(struct v4l2_frmivalenum, "height", height);
  FIELD(struct v4l2_frmivalenum, "type", type);
  FIELD(struct v4l2_frmivalenum, "numerator", discrete.numerator); FIELD(struct v4l2_frmivalenum, "denominator", discrete.denominator);
  FIELD(struct v4l2_frmivalenum, "max_numerator", stepwise.max.numerator); FIELD(struct v4l2_frmivalenum, "max_denominator", stepwise.max.denominator);
  DONE;
  STRUCT("format", struct v4l2_format);
  FIELD(struct v4l2_format, "type", type); FIELD(struct v4l2_format, "width", fmt.pix.width);
  FIELD(struct v4l2_format, "height", fmt.pix.height); FIELD(struct v4l2_format, "pixelformat", fmt.pix.pixelformat);
  FIELD(struct v4l2_format, "field", fmt.pix.field); FIELD(struct v4l2_format, "bytesperline", fmt.pix.bytesperline);
  FIELD(struct v4l2_format, "sizeimage", fmt.pix.sizeimage); FIELD(struct v4l2_format, "colorspace", fmt.pix.colorspace);
  FIELD(struct v4l2_format, "ycbcr_enc", fmt.pix.ycbcr_enc); FIELD(struct v4l2_format, "quantization", fmt.pix.quantization);
  DONE;
  STRUCT("streamparm", struct v4l2_streamparm);
  FIELD(struct v4l2_streamparm, "type", type); FIELD(struct v4l2_streamparm, "capability", parm.capture.capability);
  FIELD(struct v4l2_streamparm, "numerator", parm.capture.timeperframe.numerator);
  FIELD(struct v4l2_streamparm, "denominator", parm.capture.timeperframe.denominator);
  DONE;
  STRUCT("requestbuffers", struct v4l2_requestbuffers);
  FIELD(struct v4l2_requestbuffers, "count", count); FIELD(struct v4l2_requestbuffers, "type", type);
  FIELD(struct v4l2_requestbuffers, "memory", memory);
  DONE;
  STRUCT("buffer", struct v4l2_buffer);
  FIELD(struct v4l2_buffer, "index", index); FIELD(struct v4l2_buffer, "type", type);
  FIELD(struct v4l2_buffer, "bytesused", bytesused); FIELD(struct v4l2_buffer, "flags", flags);
  FIELD(struct v4l2_buffer, "field", field); FIELD(struct v4l2_buffer, "tv_sec", timestamp.tv_sec);
  FIELD(struct v4l2_buffer, "tv_usec", timestamp.tv_usec); FIELD(struct v4l2_buffer, "sequence", sequence);
  FIELD(struct v4l2_buffer, "memory", memory); FIELD(struct v4l2_buffer, "offset", m.offset);
  FIELD(struct v4l2_buffer, "length", length);
  DONE;
  STRUCT("queryExtCtrl", struct v4l2_query_ext_ctrl);
  FIELD(struct v4l2_query_ext_ctrl, "id", id); FIELD(struct v4l2_query_ext_ctrl, "type", type);
  FIELD(struct v4l2_query_ext_ctrl, "name", name); FIELD(struct v4l2_query_ext_ctrl, "minimum", minimum);
  FIELD(struct v4l2_query_ext_ctrl, "maximum", maximum); FIELD(struct v4l2_query_ext_ctrl, "step", step);
  FIELD(struct v4l2_query_ext_ctrl, "default_value", default_value); FIELD(struct v4l2_query_ext_ctrl, "flags", flags);
  FIELD(struct v4l2_query_ext_ctrl, "elems", elems); FIELD(struct v4l2_query_ext_ctrl, "nr_of_dims", nr_of_dims);
  DONE;
  STRUCT("querymenu", struct v4l2_querymenu);
  FIELD(struct v4l2_querymenu, "id", id); FIELD(struct v4l2_querymenu, "index", index);
  FIELD(struct v4l2_querymenu, "name", name); FIELD(struct v4l2_querymenu, "value", value);
  DONE;
  STRUCT("control", struct v4l2_control);
  FIELD(struct v4l2_control, "id", id); FIELD(struct v4l2_control, "value", value);
  DONE;
  STRUCT("extControl", struct v4l2_ext_control);
  FIELD(struct v4l2_ext_control, "id", id); FIELD(struct v4l2_ext_control, "size", size);
  FIELD(struct v4l2_ext_control, "value64", value64);
  DONE;
  STRUCT("extControls", struct v4l2_ext_controls);
  FIELD(struct v4l2_ext_controls, "which", which); FIELD(struct v4l2_ext_controls, "count", count);
  FIELD(struct v4l2_ext_controls, "controls", controls);
  DONE;
  STRUCT("pollfd", struct pollfd);
  FIELD(struct pollfd, "fd", fd); FIELD(struct pollfd, "events", events); FIELD(struct pollfd, "revents", revents);
  DONE;
  printf("},\n\"requests\": {"); comma = "";
  REQUEST("querycap", VIDIOC_QUERYCAP); REQUEST("enumFmt", VIDIOC_ENUM_FMT); REQUEST("getFmt", VIDIOC_G_FMT);
  REQUEST("setFmt", VIDIOC_S_FMT); REQUEST("reqbufs", VIDIOC_REQBUFS); REQUEST("querybuf", VIDIOC_QUERYBUF);
  REQUEST("qbuf", VIDIOC_QBUF); REQUEST("dqbuf", VIDIOC_DQBUF); REQUEST("streamon", VIDIOC_STREAMON);
  REQUEST("streamoff", VIDIOC_STREAMOFF); REQUEST("getParm", VIDIOC_G_PARM); REQUEST("setParm", VIDIOC_S_PARM);
  REQUEST("getCtrl", VIDIOC_G_CTRL); REQUEST("setCtrl", VIDIOC_S_CTRL); REQUEST("querymenu", VIDIOC_QUERYMENU);
  REQUEST("getExtCtrls", VIDIOC_G_EXT_CTRLS); REQUEST("setExtCtrls", VIDIOC_S_EXT_CTRLS);
  REQUEST("enumFramesizes", VIDIOC_ENUM_FRAMESIZES); REQUEST("enumFrameintervals", VIDIOC_ENUM_FRAMEINTERVALS);
  REQUEST("queryExtCtrl", VIDIOC_QUERY_EXT_CTRL);
  printf("},\n\"constants\": {"); comma = "";
  REQUEST("videoCapture", V4L2_BUF_TYPE_VIDEO_CAPTURE); REQUEST("memoryMmap", V4L2_MEMORY_MMAP);
  REQUEST("capture", V4L2_CAP_VIDEO_CAPTURE); REQUEST("captureMplane", V4L2_CAP_VIDEO_CAPTURE_MPLANE);
  REQUEST("streaming", V4L2_CAP_STREAMING); REQUEST("deviceCaps", V4L2_CAP_DEVICE_CAPS);
  REQUEST("error", V4L2_BUF_FLAG_ERROR); REQUEST("timestampMask", V4L2_BUF_FLAG_TIMESTAMP_MASK);
  REQUEST("timestampMonotonic", V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC); REQUEST("sourceMask", V4L2_BUF_FLAG_TSTAMP_SRC_MASK);
  REQUEST("sourceStartOfExposure", V4L2_BUF_FLAG_TSTAMP_SRC_SOE); REQUEST("streamCapTimePerFrame", V4L2_CAP_TIMEPERFRAME);
  printf("},\n\"fourccs\": {"); comma = "";
  REQUEST("GREY", V4L2_PIX_FMT_GREY); REQUEST("Y10", V4L2_PIX_FMT_Y10); REQUEST("Y12", V4L2_PIX_FMT_Y12);
  REQUEST("Y14", V4L2_PIX_FMT_Y14); REQUEST("Y16", V4L2_PIX_FMT_Y16); REQUEST("Y16-BE", V4L2_PIX_FMT_Y16_BE);
  REQUEST("Y10P", V4L2_PIX_FMT_Y10P); REQUEST("BGR3", V4L2_PIX_FMT_BGR24); REQUEST("RGB3", V4L2_PIX_FMT_RGB24);
  REQUEST("YUYV", V4L2_PIX_FMT_YUYV); REQUEST("UYVY", V4L2_PIX_FMT_UYVY); REQUEST("YVYU", V4L2_PIX_FMT_YVYU);
  REQUEST("VYUY", V4L2_PIX_FMT_VYUY); REQUEST("NV12", V4L2_PIX_FMT_NV12); REQUEST("NV21", V4L2_PIX_FMT_NV21);
  REQUEST("YU12", V4L2_PIX_FMT_YUV420); REQUEST("YV12", V4L2_PIX_FMT_YVU420); REQUEST("MJPG", V4L2_PIX_FMT_MJPEG);
  REQUEST("JPEG", V4L2_PIX_FMT_JPEG);
  REQUEST("BA81", V4L2_PIX_FMT_SBGGR8); REQUEST("GBRG", V4L2_PIX_FMT_SGBRG8); REQUEST("GRBG", V4L2_PIX_FMT_SGRBG8); REQUEST("RGGB", V4L2_PIX_FMT_SRGGB8);
  REQUEST("BG10", V4L2_PIX_FMT_SBGGR10); REQUEST("GB10", V4L2_PIX_FMT_SGBRG10); REQUEST("BA10", V4L2_PIX_FMT_SGRBG10); REQUEST("RG10", V4L2_PIX_FMT_SRGGB10);
  REQUEST("BG12", V4L2_PIX_FMT_SBGGR12); REQUEST("GB12", V4L2_PIX_FMT_SGBRG12); REQUEST("BA12", V4L2_PIX_FMT_SGRBG12); REQUEST("RG12", V4L2_PIX_FMT_SRGGB12);
  REQUEST("BG14", V4L2_PIX_FMT_SBGGR14); REQUEST("GB14", V4L2_PIX_FMT_SGBRG14); REQUEST("GR14", V4L2_PIX_FMT_SGRBG14); REQUEST("RG14", V4L2_PIX_FMT_SRGGB14);
  REQUEST("BYR2", V4L2_PIX_FMT_SBGGR16); REQUEST("GB16", V4L2_PIX_FMT_SGBRG16); REQUEST("GR16", V4L2_PIX_FMT_SGRBG16); REQUEST("RG16", V4L2_PIX_FMT_SRGGB16);
  REQUEST("pBAA", V4L2_PIX_FMT_SBGGR10P); REQUEST("pGAA", V4L2_PIX_FMT_SGBRG10P); REQUEST("pgAA", V4L2_PIX_FMT_SGRBG10P); REQUEST("pRAA", V4L2_PIX_FMT_SRGGB10P);
  REQUEST("pBCC", V4L2_PIX_FMT_SBGGR12P); REQUEST("pGCC", V4L2_PIX_FMT_SGBRG12P); REQUEST("pgCC", V4L2_PIX_FMT_SGRBG12P); REQUEST("pRCC", V4L2_PIX_FMT_SRGGB12P);
  printf("},\n\"bytes\": {"); comma = "";

  struct v4l2_buffer buffer;
  memset(&buffer, 0, sizeof buffer);
  buffer.index = 3; buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE; buffer.bytesused = 614400;
  buffer.flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_DONE | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | V4L2_BUF_FLAG_TSTAMP_SRC_SOE;
  buffer.field = V4L2_FIELD_NONE; buffer.timestamp.tv_sec = 5000000000L; buffer.timestamp.tv_usec = 999999;
  buffer.sequence = 4294967290U; buffer.memory = V4L2_MEMORY_MMAP; buffer.m.offset = 1843200; buffer.length = 614400;
  bytes("buffer", &buffer, sizeof buffer);
  struct v4l2_format format;
  memset(&format, 0, sizeof format);
  format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE; format.fmt.pix.width = 1280; format.fmt.pix.height = 1024;
  format.fmt.pix.pixelformat = V4L2_PIX_FMT_Y16; format.fmt.pix.field = V4L2_FIELD_NONE;
  format.fmt.pix.bytesperline = 2560; format.fmt.pix.sizeimage = 2621440;
  bytes("format", &format, sizeof format);
  struct v4l2_query_ext_ctrl ctrl;
  memset(&ctrl, 0, sizeof ctrl);
  ctrl.id = V4L2_CID_EXPOSURE_ABSOLUTE; ctrl.type = V4L2_CTRL_TYPE_INTEGER; strcpy(ctrl.name, "Exposure Time, Absolute");
  ctrl.minimum = -5; ctrl.maximum = 10000; ctrl.step = 3; ctrl.default_value = 157; ctrl.flags = V4L2_CTRL_FLAG_INACTIVE;
  ctrl.elem_size = 4; ctrl.elems = 1;
  bytes("queryExtCtrl", &ctrl, sizeof ctrl);
  struct v4l2_capability cap;
  memset(&cap, 0, sizeof cap);
  strcpy((char *)cap.driver, "uvcvideo"); memset(cap.card, 'x', sizeof cap.card); strcpy((char *)cap.bus_info, "usb-0000:00:14.0-1");
  cap.version = 0x060100; cap.capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_DEVICE_CAPS;
  cap.device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
  bytes("capability", &cap, sizeof cap);
  printf("}}\n");
  return 0;
}
