"""pImage 2.0.2 converts a film in colour; a process of its own, so that its start counts as it does for Marey.
PIMAGE_SRC is a checkout of JostTim/pImage at that version.
usage: pimage.py {loop|converter} IN OUT"""
import os, sys, types, warnings

warnings.simplefilter("ignore")
source = os.environ["PIMAGE_SRC"]
sys.path.insert(0, source)


def loop(path, out):
    from pImage.readers import VideoReader
    from pImage.writers import VideoWriter

    with VideoWriter(out) as writer:
        for frame in VideoReader(path, color=True).frames():
            writer.write(frame)


def converter(path, out):
    """Its converter of two processes, which warns against itself: the warning is all that is left out."""
    text = open(f"{source}/pImage/converters.py").read().replace("raise DeprecationWarning(", "_ = (")
    module = types.ModuleType("pImage.converters2")
    module.__package__ = "pImage"
    sys.modules["pImage.converters2"] = module
    exec(compile(text, "converters2", "exec"), module.__dict__)
    module.StandardConverter(path, out, reader={"color": True}).start()


{"loop": loop, "converter": converter}[sys.argv[1]](*sys.argv[2:])
