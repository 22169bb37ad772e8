from pathlib import Path

from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from annotator.selectors.releases import releases_led
from config.web.access import lead_required
from config.web.http import SiteRequest
from datasets.models import ReleaseState
from datasets.releases.zipping import zip_stream


@lead_required
@require_GET
def release_download(request: SiteRequest, pk: int) -> HttpResponseBase:
    """Send a frozen release as one ZIP file, made while it is sent."""
    release = get_object_or_404(releases_led(request.user).filter(state=ReleaseState.FROZEN), pk=pk)
    folder = Path(release.folder)
    if not folder.is_dir():
        raise Http404("The folder of this release was moved away.")
    name = f"{release.name}-v{release.version}"
    response = StreamingHttpResponse(zip_stream(folder, root=name), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    return response
