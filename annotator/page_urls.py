"""The pages of leads, reviewers and annotators, the workbench apart."""

from django.urls import path

from .views.desk import desk
from .views.gold import gold, gold_add_view, gold_settings_view, member_let_in_view, member_try_again_view
from .views.invitations import invitation_revoke_view, invitations, join
from .views.members import member_remove_view, member_return_view
from .views.preview import preview, preview_claim, preview_heartbeat, preview_last, preview_submit
from .views.queue import queue, queue_order_view
from .views.ranking import ranking
from .views.release_download import release_download
from .views.release_push import release_push_cancel_view, release_push_view
from .views.releases import (
    release,
    release_cancel_view,
    release_delete_view,
    release_new,
    release_retry_view,
    releases,
)
from .views.reviews import review, review_clip, reviews
from .views.studies import studies
from .views.study import study
from .views.study_form import markdown_preview, study_new, study_plan_fragment
from .views.study_state import study_close_confirm, study_state

urlpatterns = [
    path("studies/", studies, name="studies"),
    path("studies/new/", study_new, name="study-new"),
    path("studies/new/plan/", study_plan_fragment, name="study-plan"),
    path("studies/new/preview/", markdown_preview, name="markdown-preview"),
    path("studies/<slug:slug>/", study, name="study"),
    path("studies/<slug:slug>/state/<slug:action>/", study_state, name="study-state"),
    path("studies/<slug:slug>/members/", invitations, name="invitations"),
    path("studies/<slug:slug>/members/<int:pk>/revoke/", invitation_revoke_view, name="invitation-revoke"),
    path("studies/<slug:slug>/members/return/", member_return_view, name="member-return"),
    path("studies/<slug:slug>/members/<int:pk>/remove/", member_remove_view, name="member-remove"),
    path("studies/<slug:slug>/gold/", gold, name="gold"),
    path("studies/<slug:slug>/gold/add/", gold_add_view, name="gold-add"),
    path("studies/<slug:slug>/gold/settings/", gold_settings_view, name="gold-settings"),
    path("studies/<slug:slug>/gold/<int:pk>/let-in/", member_let_in_view, name="gold-let-in"),
    path("studies/<slug:slug>/gold/<int:pk>/again/", member_try_again_view, name="gold-again"),
    path("studies/<slug:slug>/queue/", queue, name="queue"),
    path("studies/<slug:slug>/queue/order/", queue_order_view, name="queue-order"),
    path("studies/<slug:slug>/close/", study_close_confirm, name="study-close"),
    path("studies/<slug:slug>/preview/", preview, name="preview"),
    path("studies/<slug:slug>/preview/claim", preview_claim, name="preview-claim"),
    path("studies/<slug:slug>/preview/last", preview_last, name="preview-last"),
    path("studies/<slug:slug>/preview/heartbeat", preview_heartbeat, name="preview-heartbeat"),
    path("studies/<slug:slug>/preview/submit", preview_submit, name="preview-submit"),
    path("studies/<slug:slug>/reviews/", reviews, name="reviews"),
    path("studies/<slug:slug>/reviews/<int:item_pk>/", review, name="review"),
    path("studies/<slug:slug>/reviews/<int:item_pk>/<slug:side>.mp4", review_clip, name="review-clip"),
    path("studies/<slug:slug>/release/", release_new, name="release-new"),
    path("releases/", releases, name="releases"),
    path("releases/<int:pk>/", release, name="release"),
    path("releases/<int:pk>/download.zip", release_download, name="release-download"),
    path("releases/<int:pk>/push/", release_push_view, name="release-push"),
    path("releases/<int:pk>/push/cancel/", release_push_cancel_view, name="release-push-cancel"),
    path("releases/<int:pk>/cancel/", release_cancel_view, name="release-cancel"),
    path("releases/<int:pk>/again/", release_retry_view, name="release-again"),
    path("releases/<int:pk>/delete/", release_delete_view, name="release-delete"),
    path("join/<slug:token>/", join, name="join"),
    path("work/", desk, name="desk"),
    path("ranking/", ranking, name="ranking"),
]
