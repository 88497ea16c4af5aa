"""Routes of accounts."""

from django.urls import path

from governance.accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="sign_in"),
    path("sign-out/", views.SignOutView.as_view(), name="sign_out"),
    path("profile/", views.profile, name="profile"),
    path("password/", views.ChangePasswordView.as_view(), name="password"),
]
