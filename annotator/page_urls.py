"""The pages of leads, reviewers and annotators, the workbench apart."""

from django.urls import path

from .views.desk import desk
from .views.invitations import invitation_revoke_view, invitations, join
from .views.ranking import ranking
from .views.reviews import review, review_clip, reviews
from .views.studies import studies
from .views.study import study
from .views.study_form import markdown_preview, study_new, study_plan_fragment
from .views.study_state import study_state

urlpatterns = [
    path("studies/", studies, name="studies"),
    path("studies/new/", study_new, name="study-new"),
    path("studies/new/plan/", study_plan_fragment, name="study-plan"),
    path("studies/new/preview/", markdown_preview, name="markdown-preview"),
    path("studies/<slug:slug>/", study, name="study"),
    path("studies/<slug:slug>/state/<slug:action>/", study_state, name="study-state"),
    path("studies/<slug:slug>/members/", invitations, name="invitations"),
    path("studies/<slug:slug>/members/<int:pk>/revoke/", invitation_revoke_view, name="invitation-revoke"),
    path("studies/<slug:slug>/reviews/", reviews, name="reviews"),
    path("studies/<slug:slug>/reviews/<int:item_pk>/", review, name="review"),
    path("studies/<slug:slug>/reviews/<int:item_pk>/<slug:side>.mp4", review_clip, name="review-clip"),
    path("join/<str:token>/", join, name="join"),
    path("work/", desk, name="desk"),
    path("ranking/", ranking, name="ranking"),
]
