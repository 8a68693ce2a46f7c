"""rtsp_server.py PORT LAUNCH: GStreamer's RTSP server, which plays a pipeline from its start to whoever calls rtsp://127.0.0.1:PORT/film.
Port 0 takes a free one; it prints the port when it can be called."""
import sys
import gi
gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address('127.0.0.1')
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch('( ' + sys.argv[2] + ' )')
server.get_mount_points().add_factory('/film', factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
